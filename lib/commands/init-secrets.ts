import { commonFlags, changeFlags } from "../cli/common-flags.ts";
import { type CommandResult, defineCommand } from "../cli/define-command.ts";
import { exitCodes } from "../errors.ts";
import type { Custody } from "../secrets/custody.ts";
import type { PlannedItem } from "../secrets/init.ts";
import type { ValueName } from "../secrets/values.ts";

export const initSecrets = defineCommand({
  script: "scripts/setup/init-secrets.ts",
  summary: "Make the keys and the encrypted secrets of a site, each once, and never overwrite one",
  examples: [
    {
      line: "zx scripts/setup/init-secrets.ts",
      does: "make what is missing, asking once for what only you know; again: say what is there",
    },
    { line: "zx scripts/setup/init-secrets.ts --dry-run", does: "say what is there and what not" },
    {
      line: "zx scripts/setup/init-secrets.ts --recovery-recipient age1…",
      does: "with a recovery key whose private half is kept elsewhere already",
    },
  ],
  flags: {
    "recovery-recipient": {
      type: "string",
      value: "AGE1…",
      help: "public key of the recovery key (default: a new one, in a file to be moved away)",
    },
    "dry-run": changeFlags["dry-run"],
    site: commonFlags.site,
    json: commonFlags.json,
    verbose: commonFlags.verbose,
  },
  async run({ flags }, terminal) {
    const { env } = process;
    const { loadSite } = await import("../config/site.ts");
    const { buildItems } = await import("../secrets/items.ts");
    const { createItems, listNeeds, planItems } = await import("../secrets/init.ts");
    const { collectValues } = await import("../secrets/values.ts");
    const { listCustody } = await import("../secrets/custody.ts");
    const { listDefinitions } = await import("./site-secrets.ts");
    const { showPath } = await import("../config/paths.ts");
    const site = await loadSite({ site: flags.site, env });
    terminal.err(`Site ${site.name}, in ${showPath(site.folder)}\n`);
    const definitions = await listDefinitions(site);
    const { recoveryRecipient } = flags;
    const items = buildItems({ site, env, definitions, recoveryRecipient });
    const plan = await planItems(items, env);
    const needs = listNeeds(plan);
    if (flags.dryRun) {
      const states = plan.map(({ isThere }) => (isThere ? "there" : "to be made"));
      return await describe(plan, states, await listOpenQuestions(needs, env), []);
    }
    const values = await collectValues(needs, env, terminal.askHidden);
    const made = await createItems(plan, values, {
      signal: terminal.interrupted,
      say: (line) => terminal.err(`${line}\n`),
    });
    // A restored password, for one, has not opened the vault yet.
    if (plan.some(({ isThere }) => !isThere)) await planItems(items, env);
    const states = plan.map(({ item }) => made.get(item) ?? "there");
    return await describe(plan, states, [], await listCustody(site));
  },
});

/** What will be asked for, and what the environment answers. */
async function listOpenQuestions(
  needs: readonly ValueName[],
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const { askedValues } = await import("../secrets/values.ts");
  return needs.map((name) => {
    const { what, variable } = askedValues[name];
    return env[variable] ? `${what}: from ${variable}` : `${what}: will be asked for`;
  });
}

async function describe(
  plan: readonly PlannedItem[],
  states: readonly string[],
  questions: readonly string[],
  custody: readonly Custody[],
): Promise<CommandResult> {
  const { renderTable } = await import("../cli/table.ts");
  const { showPath } = await import("../config/paths.ts");
  const items = plan.map(({ item }, index) => ({
    id: item.id,
    title: item.title,
    file: showPath(item.file),
    state: states[index] ?? "",
  }));
  const rows = items.map(({ state, title, file }) => [state, title, file]);
  const lines = custody.map(
    ({ what, where, keep, isOpen }) => `${isOpen ? "!" : "-"} ${what}: ${where}\n    ${keep}\n`,
  );
  const text = [
    renderTable(rows, ["STATE", "WHAT", "FILE"]),
    ...(questions.length === 0 ? [] : ["\nNeeded:\n", ...questions.map((one) => `- ${one}\n`)]),
    ...(lines.length === 0 ? [] : ["\nWhat to keep where:\n", ...lines]),
  ];
  return { exitCode: exitCodes.done, text: text.join(""), json: { items, questions, custody } };
}
