import type { CommandResult } from "../cli/define-command.ts";
import { exitCodes } from "../errors.ts";
import type { LocationRenewal } from "../velero/renew-location.ts";
import { confirmAndChange, type Rotation } from "./rotation.ts";

const guide = "docs/how-to/rotate-secrets.md";

/**
 * Makes a new password for Velero's backups, with a new storage location: nothing changes the password of
 * what is there, which is kept to be read. Throws what planPassword and changePassword throw.
 */
export async function rotateBackupPassword(rotation: Rotation): Promise<CommandResult> {
  const { changePassword, planPassword } = await import("./backup-password-files.ts");
  const change = await planPassword(rotation, rotation.flags.bucket);
  const { renewal } = change;
  const todo = listTodo(renewal);
  const plan = `${renderPlan(renewal)}Then you:\n${renderList(todo)}`;
  const json = { ...renewal, todo };
  if (rotation.flags.dryRun) return { exitCode: exitCodes.done, text: plan, json };
  await confirmAndChange(rotation, plan, async (progress) => {
    await changePassword(rotation, change, progress);
  });
  const text = `Location ${renewal.to} has a password of its own, and is the default one\nLeft for you:\n${renderList(todo)}`;
  return { exitCode: exitCodes.done, text, json };
}

function renderPlan({ from, to, bucket, prefix, secret }: LocationRenewal): string {
  const where = `bucket ${bucket}${prefix === "" ? "" : `, prefix ${prefix}`}`;
  return `A new password for Velero's backups. That of "${from}" cannot be changed, so that there is a new place for them
Now:
${renderList([
  `the old password goes into a Secret of its own, ${secret}, which failover.ts reads "${from}" with`,
  `"${from}" is only read any more`,
  `"${to}" is the default location, and that of the Schedules that named "${from}": ${where}`,
  "velero-repo-credentials gets a new password",
])}`;
}

function listTodo({ from, bucket, prefix }: LocationRenewal): string[] {
  return [
    `see that ${bucket} has nothing ${prefix === "" ? "in it" : `below ${prefix}/`} yet, and that the keys in cloud-credentials may write there`,
    "npm run validate; wait until no backup runs; then commit and push",
    "the first backup of each volume is a whole one; until it is there, failover.ts takes the old ones",
    `Velero itself can neither restore nor remove what is in "${from}" any more: ${guide} tells how, and when to take it away`,
  ];
}

function renderList(items: readonly string[]): string {
  return items.map((item) => `  - ${item}\n`).join("");
}
