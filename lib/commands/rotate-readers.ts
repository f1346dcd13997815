import path from "node:path";
import type { CommandResult } from "../cli/define-command.ts";
import { exitCodes } from "../errors.ts";
import type { ReadersPlan } from "../secrets/plan-readers.ts";
import { confirmAndChange, type Rotation } from "./rotation.ts";

/** Encrypts files anew for those whom .sops.yaml names, after consent. Throws what planReaders throws. */
export async function rotateReaders(rotation: Rotation): Promise<CommandResult> {
  const { site, flags } = rotation;
  const { planReaders } = await import("../secrets/plan-readers.ts");
  const { changeReaders } = await import("../secrets/change-readers.ts");
  const { recoveryRecipient } = flags;
  const plan = await planReaders(rotation, {
    everyFile: flags.what === "data-keys",
    recoveryRecipient,
  });
  const todo = await listTodo(plan, site.folder);
  const changes = plan.changes.map(({ file, comes, goes }) => {
    return { file: path.relative(site.folder, file), comes, goes };
  });
  const json = { changes, same: plan.same, left: plan.left, todo };
  const text = await renderPlan(plan, todo);
  if (flags.dryRun || changes.length === 0) return { exitCode: exitCodes.done, text, json };
  await confirmAndChange(rotation, text, async (progress) => {
    await changeReaders(plan.changes, rotation, progress);
  });
  const count = changes.length === 1 ? "1 file was" : `${changes.length} files were`;
  const done = `${count} encrypted anew\n${renderList("Left for you:", todo)}`;
  return { exitCode: exitCodes.done, text: done, json };
}

/** What no change of files can do. */
async function listTodo({ changes, left }: ReadersPlan, folder: string): Promise<string[]> {
  const { listRenewals } = await import("../secrets/renewals.ts");
  const { showPath } = await import("../config/paths.ts");
  const lost = changes.filter(({ goes }) => goes.length > 0);
  const renewals = listRenewals(lost.map(({ file }) => path.relative(folder, file)));
  return [
    ...(changes.length === 0 ? [] : ["commit and push the files"]),
    ...renewals.map((one) => `make anew: ${one}`),
    ...left.map(
      (file) =>
        `${showPath(file)} has keys of other kinds than age's: sops updatekeys, sops rotate`,
    ),
  ];
}

async function renderPlan(plan: ReadersPlan, todo: readonly string[]): Promise<string> {
  const { renderTable } = await import("../cli/table.ts");
  const { showPath } = await import("../config/paths.ts");
  const { changes, same } = plan;
  if (changes.length === 0) {
    return `Nothing to do: ${same} encrypted files are for those whom .sops.yaml names\n${renderList("Left for you:", todo)}`;
  }
  const rows = changes.map(({ file, comes, goes }) => [
    showPath(file),
    comes.map(shorten).join(" "),
    goes.map(shorten).join(" "),
  ]);
  const comes = new Set(changes.flatMap((change) => change.comes));
  const goes = new Set(changes.flatMap((change) => change.goes));
  return [
    `To be encrypted anew, with a new data key each; ${same} more stay as they are:\n`,
    renderTable(rows, ["FILE", "COMES", "GOES"]),
    ...[...comes].map((one) => `+ ${one}: can read it from then on\n`),
    ...[...goes].map((one) => `- ${one}: has seen it, and can go on reading Git's history\n`),
    renderList("Left for you then:", todo),
  ].join("");
}

/** Enough to tell two keys of a table from each other. */
function shorten(recipient: string): string {
  return recipient.length <= 16 ? recipient : `${recipient.slice(0, 12)}…`;
}

function renderList(title: string, items: readonly string[]): string {
  if (items.length === 0) return "";
  return `${title}\n${items.map((item) => `  - ${item}\n`).join("")}`;
}
