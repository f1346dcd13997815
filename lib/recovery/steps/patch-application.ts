import { hasCode } from "../../errors.ts";
import type { Application, Ref } from "../../objects.ts";
import type { MergePatch, World } from "../../world.ts";
import type { HeldApplication } from "../plan-gitops.ts";

const tries = 10;

/**
 * Changes an Application, which Argo CD writes to as well: the change is made again on a fresh copy
 * when it was faster. `change` returns undefined when there is nothing to do; one that was deleted
 * meanwhile is left alone. Returns whether something was changed.
 */
export async function patchApplication(
  cluster: World["cluster"],
  one: HeldApplication,
  change: (application: Application) => MergePatch | undefined,
): Promise<boolean> {
  const ref = refOfApplication(one);
  for (let attempt = 1; ; attempt += 1) {
    const application = await cluster.find(ref);
    const patch = application === undefined ? undefined : change(application);
    if (application === undefined || patch === undefined) return false;
    const { resourceVersion } = application.metadata;
    const metadata = { ...(patch["metadata"] as MergePatch | undefined), resourceVersion };
    try {
      await cluster.patch(ref, { ...patch, metadata });
      return true;
    } catch (error) {
      if (hasCode(error, "CLUSTER_NOT_FOUND")) return false;
      if (!hasCode(error, "CLUSTER_CONFLICT") || attempt === tries) throw error;
    }
  }
}

/** Reference to an Application of a plan. */
export function refOfApplication({ namespace, name }: HeldApplication): Ref<"Application"> {
  return { kind: "Application", namespace, name };
}
