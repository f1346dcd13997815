import { loadPolicy } from "../config/policy.ts";
import { type Component, loadVersions, renderRestoreImage } from "../config/versions.ts";

/** What config/ says of every recovery. Throws CONFIG_*. */
export async function loadRestoreSettings(): Promise<{
  restoreImage: string;
  velero: Component;
  freeSpaceFactor: number;
  restoreConcurrency: number | undefined;
}> {
  const [versions, policy] = await Promise.all([loadVersions(), loadPolicy()]);
  return { restoreImage: renderRestoreImage(versions), velero: versions.velero, ...policy };
}
