import { defineCommand } from "../../lib/cli/define-command.ts";
import { exitCodes } from "../../lib/errors.ts";
import { labFlags, mirrorFlag } from "./lab-flags.ts";

export const labUp = defineCommand({
  script: "scripts/lab/up.ts",
  summary:
    "Bring up the lab as root: three hosts with systemd and sshd, and the servers of their clouds",
  examples: [
    { line: "zx scripts/lab/up.ts", does: "bring up what is not up; goes on where it was stopped" },
    {
      line: "zx scripts/lab/up.ts --cluster",
      does: "then a k3s cluster on them over a mesh, by init-cluster.ts",
    },
    { line: "zx scripts/lab/shell.ts", does: "look around there afterwards" },
    { line: "zx scripts/lab/down.ts", does: "remove all of it again" },
  ],
  flags: {
    ...mirrorFlag,
    cluster: {
      type: "boolean",
      help: "make the k3s cluster, too; its programs are built first, which takes three quarters of an hour once",
    },
    mesh: {
      type: "boolean",
      help: "make a mesh, too: headscale, which hosts can join, and the operator as a member; --cluster has it",
    },
    ...labFlags,
  },
  async run({ flags }, terminal) {
    const { findPaths } = await import("../paths.ts");
    const { withLock } = await import("../lock.ts");
    const { startProgress } = await import("../progress.ts");
    const { bringUp } = await import("../up.ts");
    const { bringUpCluster } = await import("../up-cluster.ts");
    const { readStatus, renderStatus } = await import("../status.ts");
    const paths = findPaths();
    const progress = startProgress((text) => terminal.err(text));
    const options = {
      mirror: flags.mirror,
      withMesh: flags.mesh,
      progress,
      signal: terminal.interrupted,
    };
    const { booted, cluster } = await withLock("up", async () =>
      flags.cluster
        ? await bringUpCluster(paths, options)
        : { booted: await bringUp(paths, options), cluster: undefined },
    );
    const status = await readStatus(paths);
    const seconds = Math.round(progress.readSeconds() * 10) / 10;
    return {
      exitCode: exitCodes.done,
      text: renderStatus(status),
      json: { ...status, booted, ...(cluster === undefined ? {} : { cluster }), seconds },
    };
  },
});
