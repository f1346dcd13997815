#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { labUp } from "../../lab/commands/up.ts";

await runCommand(labUp);
