import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Test } from "tap";
import { setVariables } from "./environment.ts";

/** Puts a program in front of the others on PATH for as long as the test runs; `script` is for sh. */
export function installProgram(t: Test, name: string, script: string): void {
  const folder = mkdtempSync(path.join(tmpdir(), "infra-k3s-program-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  setVariables(t, { PATH: `${folder}:${process.env["PATH"]}` });
}
