#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { failover } from "../../lib/commands/failover.ts";

await runCommand(failover);
