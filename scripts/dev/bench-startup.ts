#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { benchStartup } from "../../lib/commands/bench-startup.ts";

await runCommand(benchStartup);
