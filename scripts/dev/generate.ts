#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { generate } from "../../lib/commands/generate.ts";

await runCommand(generate);
