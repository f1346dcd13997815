import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { finished } from "node:stream/promises";
import { redact } from "../cli/redact.ts";
import { repositoryRoot, showPath } from "../config/paths.ts";
import { describeError, exitCodes, hasCode, InfraError } from "../errors.ts";
import type { PlaybookOptions, Playbooks } from "../world.ts";
import { findFailures, parseLine, type PlaybookLine } from "./playbook-output.ts";
import { run } from "./run.ts";

const ansibleFolder = path.join(repositoryRoot, "ansible");

export interface PlaybookPlace {
  inventoryFolder: string;
  /** Where the whole output of each run goes: `<name>.log`, the last one of each name. */
  logFolder: string;
  /** What opens the vault; undefined where there is none. */
  vaultPasswordFile: string | undefined;
  env: NodeJS.ProcessEnv;
}

/** The playbooks of this work tree, for the hosts of one inventory. */
export function connectPlaybooks(place: PlaybookPlace): Playbooks {
  return {
    async run(name, options = {}) {
      const { onProgress, signal } = options;
      await mkdir(place.logFolder, { recursive: true, mode: 0o700 });
      const log = path.join(place.logFolder, `${name}.log`);
      const output = createWriteStream(log, { mode: 0o600 });
      // Heard from the start, and told when the hosts are done with: a log is no reason to stop there.
      const written = finished(output).then(
        () => undefined,
        (cause: unknown) => explainLog(log, cause),
      );
      const lines: PlaybookLine[] = [];
      const onLine = (line: string): void => {
        output.write(`${redact(line)}\n`);
        const parsed = parseLine(line);
        if (parsed === undefined) return;
        lines.push(parsed);
        if (parsed.kind === "play") onProgress?.(parsed.name);
      };
      try {
        await run(buildCommand(name, place, options), {
          cwd: ansibleFolder,
          env: buildEnvironment(place),
          onLine,
          ...(signal === undefined ? {} : { signal }),
          installHint: "brew install ansible, or: pipx install ansible-core",
        });
      } catch (error) {
        throw hasCode(error, "EXEC_FAILED") ? explainFailure(name, log, lines, error) : error;
      } finally {
        output.end();
        await written;
      }
      const fault = await written;
      if (fault !== undefined) throw fault;
      return { changed: countChanges(lines) };
    },
  };
}

function buildCommand(
  name: string,
  { inventoryFolder }: PlaybookPlace,
  { limit, variables }: PlaybookOptions,
): readonly [string, ...string[]] {
  return [
    "ansible-playbook",
    `--inventory=${inventoryFolder}`,
    ...(limit === undefined ? [] : [`--limit=${limit.join(",")}`]),
    ...(variables === undefined ? [] : ["--extra-vars", JSON.stringify(variables)]),
    path.join("playbooks", `${name}.yml`),
  ];
}

/** The output that parseLine reads, whatever the user's own settings are. */
function buildEnvironment({ env, vaultPasswordFile }: PlaybookPlace): NodeJS.ProcessEnv {
  return {
    ...env,
    ...(vaultPasswordFile === undefined ? {} : { ANSIBLE_VAULT_PASSWORD_FILE: vaultPasswordFile }),
    ANSIBLE_CONFIG: path.join(ansibleFolder, "ansible.cfg"),
    ANSIBLE_NOCOLOR: "1",
    ANSIBLE_CALLBACK_RESULT_FORMAT: "json",
    ANSIBLE_CALLBACK_FORMAT_PRETTY: "0",
    LC_ALL: "C.UTF-8",
  };
}

/** How many tasks have changed something, by host, as the recap at the end says. */
export function countChanges(lines: readonly PlaybookLine[]): Record<string, number> {
  const recaps = lines.flatMap((line) => (line.kind === "recap" ? [line] : []));
  return Object.fromEntries(recaps.map(({ host, changed }) => [host, changed]));
}

/** What the failed tasks say, once for all the hosts that say the same. */
export function renderFailures(lines: readonly PlaybookLine[]): string {
  const byText = Object.groupBy(
    findFailures(lines),
    ({ task, message }) => `${task}: ${redact(message)}`,
  );
  const texts = Object.entries(byText).map(
    ([text, of = []]) => `${of.map(({ host }) => host).join(", ")}: ${text}`,
  );
  return texts.join("\n");
}

function explainLog(log: string, cause: unknown): InfraError {
  return new InfraError({
    code: "PLAYBOOK_LOG_UNWRITABLE",
    message: "the playbook ended well, and its log could not be written",
    where: { file: showPath(log) },
    why: describeError(cause),
    fix: "Make room or make the file writable, then run the same command again: what is done stays",
    exitCode: exitCodes.failed,
    cause,
  });
}

function explainFailure(
  name: string,
  log: string,
  lines: readonly PlaybookLine[],
  error: unknown,
): InfraError {
  const why = renderFailures(lines) || (error as InfraError).why;
  return new InfraError({
    code: "PLAYBOOK_FAILED",
    message: `the playbook ${name}.yml failed`,
    where: { file: showPath(log) },
    ...(why === undefined ? {} : { why }),
    fix: "Correct it, then run the same command again: what is done already stays",
    exitCode: exitCodes.failed,
    cause: error,
  });
}
