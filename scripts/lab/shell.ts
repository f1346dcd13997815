#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { labShell } from "../../lab/commands/shell.ts";

await runCommand(labShell);
