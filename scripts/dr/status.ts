#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { drStatus } from "../../lib/commands/dr-status.ts";

await runCommand(drStatus);
