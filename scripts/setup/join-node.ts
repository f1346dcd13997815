#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { joinNode } from "../../lib/commands/join-node.ts";

await runCommand(joinNode);
