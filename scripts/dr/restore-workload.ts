#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { restoreWorkload } from "../../lib/commands/restore-workload.ts";

await runCommand(restoreWorkload);
