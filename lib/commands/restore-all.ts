import type { CommandResult } from "../cli/define-command.ts";
import type { Terminal } from "../cli/terminal.ts";
import { createRestore } from "../recovery/restore.ts";
import { listPlace, openWorld } from "./open-world.ts";
import { loadRestoreSettings } from "./restore-settings.ts";
import { runRecovery } from "./run-recovery.ts";

/**
 * Does what `restore-workload.ts --all` does, for who has typed the cluster's name already. Throws what
 * openWorld and runChange throw.
 */
export async function restoreAll(
  flags: { site: string | undefined; kubeconfig: string | undefined },
  terminal: Terminal,
): Promise<CommandResult> {
  // Loaded anew: the site has the new cluster's identity, and the inventory its addresses.
  const { site, world } = await openWorld(flags, terminal);
  const change = createRestore(world, {
    app: undefined,
    backup: "earlier",
    targetNode: undefined,
    clusterName: site.clusterName,
    ...(await loadRestoreSettings()),
    place: listPlace(flags),
  });
  const options = { dryRun: false, abort: false, confirm: site.clusterName };
  return await runRecovery(change, options, { world, runsFolder: site.runsFolder }, terminal);
}
