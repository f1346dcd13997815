import { createWriteStream, existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { finished } from "node:stream/promises";
import { repositoryRoot } from "../lib/config/paths.ts";
import { countChanges, renderFailures } from "../lib/exec/ansible.ts";
import { exitCodes, hasCode, InfraError } from "../lib/errors.ts";
import { buildOperatorEnvironment, enterOperator } from "./operator.ts";
import type { LabPaths } from "./paths.ts";
import { parseLine, type PlaybookLine } from "../lib/exec/playbook-output.ts";
import type { Progress } from "./progress.ts";
import { runWatched } from "./watched-program.ts";

export const ansibleFolder = path.join(repositoryRoot, "ansible");

export interface PlaybookOptions {
  /** The folder of ansible-playbook, from ensureAnsible. */
  bin: string;
  /** Further arguments of ansible-playbook. */
  args?: readonly string[];
  progress: Progress;
  signal?: AbortSignal | undefined;
}

export interface PlaybookResult {
  /** How many tasks have changed something, by host. */
  changed: Record<string, number>;
  /** All that ansible-playbook has written. */
  log: string;
}

/**
 * Runs ansible/playbooks/<name>.yml on the lab's hosts, from where the operator is, and says which
 * play it is at. Throws LAB_PLAYBOOK_FAILED with what the failed tasks say, and the reason of
 * `signal`.
 */
export async function runPlaybook(
  paths: LabPaths,
  name: string,
  { bin, args = [], progress, signal }: PlaybookOptions,
): Promise<PlaybookResult> {
  await mkdir(paths.ansible, { recursive: true });
  const log = path.join(paths.ansible, `${name}.log`);
  const output = createWriteStream(log, { mode: 0o600 });
  const startedAt = performance.now();
  const lines: PlaybookLine[] = [];
  const argv = await enterOperator(paths, [
    path.join(bin, "ansible-playbook"),
    `--inventory=${paths.inventory}`,
    ...args,
    path.join(ansibleFolder, "playbooks", `${name}.yml`),
  ]);
  const onLine = (line: string) => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    output.write(`${seconds.padStart(6)}  ${line}\n`);
    const parsed = parseLine(line);
    if (parsed === undefined) return;
    lines.push(parsed);
    if (parsed.kind === "play") progress.say(`Ansible: ${parsed.name}`);
  };
  try {
    await runWatched(argv, onLine, { signal, env: buildEnvironment(paths), cwd: ansibleFolder });
  } catch (error) {
    throw hasCode(error, "EXEC_FAILED") ? failed(name, log, lines, error as InfraError) : error;
  } finally {
    output.end();
    await finished(output);
  }
  return { changed: countChanges(lines), log };
}

function buildEnvironment(paths: LabPaths): NodeJS.ProcessEnv {
  return {
    ...buildOperatorEnvironment(paths, process.env),
    ...(existsSync(paths.vaultPassword)
      ? { ANSIBLE_VAULT_PASSWORD_FILE: paths.vaultPassword }
      : {}),
    ANSIBLE_CONFIG: path.join(ansibleFolder, "ansible.cfg"),
    // Else it would write to the user's own ~/.ansible.
    ANSIBLE_HOME: paths.ansible,
    ANSIBLE_NOCOLOR: "1",
    ANSIBLE_CALLBACK_RESULT_FORMAT: "json",
    ANSIBLE_CALLBACK_FORMAT_PRETTY: "0",
    LC_ALL: "C.UTF-8",
  };
}

function failed(
  name: string,
  log: string,
  lines: readonly PlaybookLine[],
  error: InfraError,
): InfraError {
  return new InfraError({
    code: "LAB_PLAYBOOK_FAILED",
    message: `the playbook ${name} failed`,
    where: { file: log },
    why: renderFailures(lines) || error.why || "it does not say why",
    fix: "Correct it, then run the same command again: what is done already stays",
    exitCode: exitCodes.failed,
    cause: error,
  });
}
