#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { benchValidate } from "../../lab/commands/bench-validate.ts";

await runCommand(benchValidate);
