#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { labDown } from "../../lab/commands/down.ts";

await runCommand(labDown);
