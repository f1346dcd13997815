import { mkdir, rename, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { InfraError } from "../lib/errors.ts";
import type { Answer, ComponentGroup } from "./component-group.ts";
import { runProgram } from "./go.ts";
import { fillVersion } from "./plan-components.ts";
import type { GroupPlan } from "./plan-components.ts";

/** Go names a program by the last part of its package that is no version. */
export async function nameFiles(folder: string, group: ComponentGroup): Promise<void> {
  for (const { file, package: source, aliases } of group.programs) {
    const parts = source.split("/").filter((part) => !/^v\d+$/.test(part));
    const made = source === "." ? group.name : (parts.at(-1) ?? source);
    if (made !== file) await rename(path.join(folder, made), path.join(folder, file));
    for (const alias of aliases ?? []) await symlink(file, path.join(folder, alias));
  }
}

/** Runs every program of a freshly built group once; throws LAB_PROGRAM_BROKEN. */
export async function checkAnswers(
  folder: string,
  { group, versions }: GroupPlan,
  signal: AbortSignal | undefined,
): Promise<void> {
  // A home of its own: some programs read, or even write, their settings there.
  const home = path.join(folder, ".home");
  await mkdir(home);
  for (const program of group.programs) {
    const version = versions[program.file] ?? "";
    for (const [name, answer] of Object.entries(program.answers)) {
      await checkAnswer(path.join(folder, name), answer, version, home, signal);
    }
  }
  await rm(home, { recursive: true });
}

async function checkAnswer(
  file: string,
  answer: Answer,
  version: string,
  home: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const lines: string[] = [];
  const keep = (line: string): void => void lines.push(line);
  const env = { HOME: home, PATH: "/usr/bin:/bin", ...answer.env };
  const options = { folder: home, env, signal, onOutput: keep, onError: keep };
  const code = await runProgram(file, answer.args, options);
  const expected = fillVersion(answer.says, version);
  const text = lines.join("\n");
  if (code === (answer.exitCode ?? 0) && text.includes(expected)) return;
  throw new InfraError({
    code: "LAB_PROGRAM_BROKEN",
    message: `${path.basename(file)} was built but does not answer as it should`,
    why: `it should say "${expected}"; it ended with code ${code} and said: ${text.slice(0, 500)}`,
    fix: "Compare its version in go.mod with lab/component-groups.ts, then run the same command again",
  });
}
