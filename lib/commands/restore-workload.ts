import { commonFlags, recoveryFlags } from "../cli/common-flags.ts";
import { defineCommand } from "../cli/define-command.ts";
import { InfraError } from "../errors.ts";

export const restoreWorkload = defineCommand({
  script: "scripts/dr/restore-workload.ts",
  summary: "Bring an app's data back from its backups, here or on another node",
  examples: [
    {
      line: "zx scripts/dr/restore-workload.ts --app shop --backup latest --target-node vps-vultr-1 --dry-run",
      does: "show which backup each volume of the app would get, and what is replaced",
    },
    {
      line: "zx scripts/dr/restore-workload.ts --app shop/postgres --backup daily-20260101030000",
      does: "one workload of the app, from one backup, on the node where it is",
    },
    {
      line: "zx scripts/dr/restore-workload.ts --all",
      does: "after a rebuild: the data that every app had in the cluster before this one",
    },
  ],
  flags: {
    app: {
      type: "string",
      value: "NAME",
      help: "the app's namespace or Application, or NAMESPACE/WORKLOAD for one workload",
    },
    all: {
      type: "boolean",
      help: "every app whose volumes began empty here and were backed up before",
    },
    backup: {
      type: "string",
      value: "NAME",
      default: "latest",
      help: "a Velero backup; latest is the newest usable one of each volume, earlier the newest from before its claim was made",
    },
    "target-node": {
      type: "string",
      value: "NODE",
      help: "where the app is to run; without it each volume stays on its node",
    },
    ...recoveryFlags,
    ...commonFlags,
  },
  async run({ flags }, terminal) {
    checkSelection(flags);
    const { listPlace, openWorld } = await import("./open-world.ts");
    const { loadRestoreSettings } = await import("./restore-settings.ts");
    const { createRestore } = await import("../recovery/restore.ts");
    const { runRecovery } = await import("./run-recovery.ts");
    const { site, world } = await openWorld(flags, terminal);
    const change = createRestore(world, {
      app: flags.all ? undefined : flags.app,
      backup: flags.backup,
      targetNode: flags.targetNode,
      clusterName: site.clusterName,
      ...(await loadRestoreSettings()),
      place: listPlace(flags),
    });
    return await runRecovery(change, flags, { world, runsFolder: site.runsFolder }, terminal);
  },
});

function checkSelection({
  app,
  all,
  backup,
  targetNode,
}: {
  app: string | undefined;
  all: boolean;
  backup: string;
  targetNode: string | undefined;
}): void {
  if (all === (app !== undefined)) {
    throw new InfraError({
      code: "RESTORE_SELECTION",
      message: "one of --app and --all is wanted",
      fix: "Name an app with --app NAME, or give --all after a rebuild of the whole cluster",
    });
  }
  if (!all || (backup === "latest" && targetNode === undefined)) return;
  throw new InfraError({
    code: "RESTORE_SELECTION",
    message: "--all goes with neither --backup nor --target-node",
    why: "each volume gets its newest backup from before this cluster, on the node where it is",
    fix: "Leave them out, or restore one app after the other with --app NAME",
  });
}
