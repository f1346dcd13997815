import type { CommandResult } from "../cli/define-command.ts";
import { exitCodes } from "../errors.ts";
import type { ClusterKeyState } from "../secrets/rotate-cluster-key.ts";
import { confirmAndChange, type Rotation } from "./rotation.ts";

/**
 * Takes the next step to a new age key for the cluster: the first run makes it and encrypts for both
 * keys, the second one gives it to the cluster and takes the old one away. Throws what the steps throw.
 */
export async function rotateClusterKey(rotation: Rotation): Promise<CommandResult> {
  const keys = await import("../secrets/rotate-cluster-key.ts");
  const state = await keys.readClusterKeyState(rotation);
  if (state.stage === "begin") await keys.checkBeginning(rotation);
  const give = await findHandOver(rotation, state);
  // As long as the cluster has the old key, nothing of the second run was done.
  if (give !== undefined) await keys.checkBeginning(rotation);
  const isFirst = state.stage !== "withdraw";
  const json = {
    stage: state.stage,
    // Before the first run there is no other one.
    newer: state.stage === "begin" ? null : state.newer.recipient,
    older: (state.stage === "begin" ? [state.newer] : state.older).map(
      ({ recipient }) => recipient,
    ),
    files: state.files.length,
  };
  const plan = isFirst ? renderFirst(state) : renderSecond(state, give !== undefined);
  if (rotation.flags.dryRun) return { exitCode: exitCodes.done, text: plan, json };
  await confirmAndChange(rotation, plan, async (progress) => {
    if (isFirst) return await keys.spreadClusterKey(rotation, state, progress);
    await give?.();
    if (give !== undefined) progress.say("the cluster has the new key");
    await keys.withdrawClusterKey(rotation, state, progress);
  });
  const text = isFirst
    ? "The cluster has a new key in Git, and reads with the old one\nLeft for you:\n  - commit and push\n  - once Argo CD has read that: the same command again\n"
    : "The cluster has its new key, and no file is for the old one any more\nLeft for you:\n  - commit and push\n  - what the old key has opened is readable in Git's history: make anew what is in there (docs/how-to/rotate-secrets.md)\n";
  return { exitCode: exitCodes.done, text, json };
}

/** Only between the two runs the cluster is asked for anything. */
async function findHandOver(rotation: Rotation, state: ClusterKeyState) {
  if (state.stage !== "withdraw") return undefined;
  const { openHandOver } = await import("./hand-over-cluster-key.ts");
  return await openHandOver(rotation, state);
}

function renderFirst({ stage, newer, files }: ClusterKeyState): string {
  const now = [
    ...(stage === "begin"
      ? ["a new age key is made, and kept beside the old one in the file with the cluster's key"]
      : []),
    ".sops.yaml names both of them in each list for the cluster",
    `the ${files.length} files that the cluster reads are encrypted for both`,
  ];
  const title =
    stage === "begin"
      ? `A new age key for the cluster, in place of ${newer.recipient}`
      : `The new age key of the cluster, ${newer.recipient}: the rest of the first run`;
  const later = [
    "you commit and push; the cluster still reads with the old key",
    "the same command again gives the new key to the cluster and takes the old one out of the files",
    "you commit and push",
  ];
  return renderPlan(title, now, later);
}

function renderSecond({ newer, older, files }: ClusterKeyState, isOpen: boolean): string {
  const old = older.map(({ recipient }) => recipient).join(", ");
  const now = [
    ...(isOpen
      ? ["the cluster gets the new key alone, and Argo CD's repo-server is started anew"]
      : []),
    `the old key, ${old}, goes out of .sops.yaml`,
    `the ${files.length} files that the cluster reads are encrypted for the new one, with new data keys`,
    "the old private half goes out of the file with the cluster's key",
  ];
  return renderPlan(`The new age key of the cluster, ${newer.recipient}: the second run`, now, [
    "you commit and push",
  ]);
}

function renderPlan(title: string, now: readonly string[], later: readonly string[]): string {
  const list = (lines: readonly string[]) => lines.map((line) => `  - ${line}\n`).join("");
  return `${title}\nNow:\n${list(now)}Then:\n${list(later)}`;
}
