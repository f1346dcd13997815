import { exitCodes, InfraError } from "../../lib/errors.ts";
import { recoveryAnnotation } from "../../lib/manifests/recovery-annotations.ts";
import type { PersistentVolume, PersistentVolumeClaim, Pod } from "../../lib/objects.ts";
import type { Cluster } from "../kubectl.ts";

/** Where the workloads of lab/apps live. */
export const shopNamespace = "shop";

/** The argument of kubectl that says so. */
export const inShop = `--namespace=${shopNamespace}`;

/** A volume of the shop and where its files are on its host. */
export interface ShopVolume {
  /** `shop/uploads`. */
  claim: string;
  name: string;
  folder: string;
  /** Whether its files are never written again, so that they can be compared one by one. */
  isQuiet: boolean;
}

/** Sees that what is to be moved is on `node`. Throws DRILL_WRONG_NODE and EXEC_FAILED. */
export async function checkShop(cluster: Cluster, node: string): Promise<void> {
  for (const app of ["uploads", "postgres"]) {
    const { nodeName } = (await findPod(cluster, app))?.spec ?? {};
    if (nodeName !== node) throw wrongNode(app, nodeName, node);
  }
}

/** The pod of an app that is not on its way out. */
export async function findPod({ get }: Cluster, app: string): Promise<Pod | undefined> {
  const selector = `--selector=app.kubernetes.io/name=${app}`;
  const { items } = await get<{ items: Pod[] }>(inShop, "pods", selector);
  return items.find(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** The volumes that the shop's claims are bound to now. */
export async function listShopVolumes({ get }: Cluster): Promise<ShopVolume[]> {
  const [claims, volumes] = await Promise.all([
    get<{ items: PersistentVolumeClaim[] }>(inShop, "persistentvolumeclaims"),
    get<{ items: PersistentVolume[] }>("persistentvolumes"),
  ]);
  return claims.items.map(({ metadata, spec }) => {
    const volume = volumes.items.find((one) => one.metadata.name === spec.volumeName);
    return {
      claim: `${shopNamespace}/${metadata.name}`,
      name: volume?.metadata.name ?? "",
      folder: volume?.spec.local?.path ?? "",
      isQuiet: metadata.annotations?.[recoveryAnnotation] === "files",
    };
  });
}

function wrongNode(app: string, found: string | undefined, node: string): InfraError {
  return new InfraError({
    code: "DRILL_WRONG_NODE",
    message: `the pod of ${app} was to start on ${node}`,
    why: `it is on ${found ?? "no node"}`,
    fix: "Make the lab anew: zx scripts/lab/down.ts, then run the same command again",
    exitCode: exitCodes.failed,
  });
}
