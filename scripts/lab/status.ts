#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { labStatus } from "../../lab/commands/status.ts";

await runCommand(labStatus);
