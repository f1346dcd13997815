import { describeApplication, isWell } from "../argocd/describe-application.ts";
import { listOfRoot } from "../argocd/follows-root.ts";
import { explainTrouble } from "../argocd/explain-trouble.ts";
import { argoNamespace, refreshAnnotation, rootApplication } from "../argocd/names.ts";
import { type ErrorDetails, exitCodes, hasCode, InfraError } from "../errors.ts";
import type { Application } from "../objects.ts";
import type { Step } from "../steps/step.ts";
import type { Cluster } from "../world.ts";
import type { BootstrapWorld, Gitops } from "./world.ts";

/** Images are downloaded, databases made. */
const wellSeconds = 900;

/** How often Git is asked whether there is something newer. */
const readSeconds = 10;

/**
 * How often Argo CD is asked to look again at what is not well: by itself it does so every two minutes,
 * and when something of it changes; a kind that gets ready was not always among that.
 */
const lookSeconds = 5;

/** How long what time does not heal may be said: Argo CD keeps an old answer for a while. */
const patienceSeconds = 60;

/**
 * What every Application is to be: as Git has it, or working, too. One whose data is still to come may
 * not work without it.
 */
export type ApplicationWish = "synced" | "well";

/** Waits until every Application is as the commit has it that the site's branch is at, and works. */
export function awaitApplications(
  world: Pick<BootstrapWorld, "clock" | "openCluster"> & { gitops: Gitops },
  after: string[],
  wish: ApplicationWish = "well",
): Step {
  return {
    id: `await-applications${wish === "well" ? "" : "-synced"}`,
    title: "Wait until the cluster is what Git says",
    after,
    timeoutSeconds: wellSeconds + 60,
    waitsFor: `all Applications to be Synced${wish === "well" ? " and Healthy" : ""}`,
    async observe() {
      return { state: "open" };
    },
    async act() {},
    async verify(run) {
      const cluster = await world.openCluster();
      let commit = await world.gitops.readCommit();
      let readAt = world.clock.now();
      const end = readAt + wellSeconds * 1000;
      const since = new Map<string, number>();
      const askedAt = new Map<string, number>();
      return await run.poll<{ commit: string; applications: number }>(async () => {
        const applications = await cluster.list("Application", { namespace: argoNamespace });
        const isThere = (name: string) => applications.some((one) => one.metadata.name === name);
        const ofRoot = listOfRoot(applications);
        const open = applications.filter((one) => {
          if (ofRoot.includes(one) && one.status?.sync?.revision !== commit) return true;
          return wish === "well" ? !isWell(one) : !isSynced(one, isThere);
        });
        const hasRoot = applications.some(({ metadata }) => metadata.name === rootApplication);
        if (hasRoot && open.length === 0) {
          return { done: { commit, applications: applications.length } };
        }
        const troubles = open.flatMap((one) => explainTrouble(one) ?? []);
        const now = world.clock.now();
        const lasting = troubles.filter(({ isFinal, code, why }) => {
          const key = `${code} ${why}`;
          since.set(key, since.get(key) ?? now);
          return isFinal && now - (since.get(key) ?? now) >= patienceSeconds * 1000;
        });
        if (lasting.length > 0) throw unwell(lasting);
        if (now >= end) throw unwell(troubles.length > 0 ? troubles : [late(open)]);
        // Somebody may push meanwhile what corrects something.
        if (now - readAt >= readSeconds * 1000) {
          commit = await readCommit(world.gitops, commit);
          readAt = now;
        }
        // Also where it need not work yet: others wait for it.
        const due = applications
          .filter((one) => !isWell(one) || open.includes(one))
          .filter(({ metadata }) => {
            return now - (askedAt.get(metadata.name) ?? -Infinity) >= lookSeconds * 1000;
          });
        for (const one of due) askedAt.set(one.metadata.name, now);
        await Promise.all(due.map(async (one) => await askToLook(cluster, one)));
        return { waiting: open.map(nameState).join("; ") || "Argo CD's first Application" };
      }, 1);
    },
  };
}

/** The newest commit; the one that is known where Git does not answer for a moment. */
async function readCommit(gitops: Gitops, known: string): Promise<string> {
  try {
    return await gitops.readCommit();
  } catch (error) {
    // Argo CD has to reach it, too, and says so for as long as it does not.
    if (hasCode(error, "GIT_REMOTE_UNREACHABLE") || hasCode(error, "EXEC_TIMEOUT")) return known;
    throw error;
  }
}

/**
 * Whether an Application is as Git has it, or is there only to make others that are there: its own sync
 * ends once those are Healthy, and not before.
 */
function isSynced(
  { metadata, status }: Application,
  isThere: (application: string) => boolean,
): boolean {
  if (status?.sync?.status === "Synced") return true;
  const made = (status?.resources ?? []).filter(
    ({ kind, name }) => kind === "Application" && name !== metadata.name,
  );
  return made.length > 0 && made.every(({ name }) => isThere(name));
}

async function askToLook(cluster: Cluster, { metadata }: Application): Promise<void> {
  try {
    await cluster.patch(
      { kind: "Application", namespace: argoNamespace, name: metadata.name },
      { metadata: { annotations: { [refreshAnnotation]: "normal" } } },
    );
  } catch (error) {
    // A commit may have taken it away meanwhile.
    if (!hasCode(error, "CLUSTER_NOT_FOUND")) throw error;
  }
}

function nameState(application: Application): string {
  return `${application.metadata.name}: ${describeApplication(application)}`;
}

function late(open: readonly Application[]): ErrorDetails {
  return {
    code: "ARGOCD_APPLICATIONS_LATE",
    message: "the cluster has not become what Git says in time",
    why: open.map(nameState).join("\n") || "there is no Application",
    fix: "Look at what is not well: kubectl get applications -n argocd; then run the same command again",
  };
}

function unwell(troubles: readonly ErrorDetails[]): InfraError {
  const [first, ...others] = troubles;
  const { code, message, fix } = first ?? late([]);
  const why = [first, ...others].map((one) => one?.why).join("\n");
  return new InfraError({
    code,
    message,
    why,
    ...(fix === undefined ? {} : { fix }),
    exitCode: exitCodes.failed,
  });
}
