#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { removeNode } from "../../lib/commands/remove-node.ts";

await runCommand(removeNode);
