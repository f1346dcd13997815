#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { defineShell, splitArguments } from "../../lab/commands/shell.ts";

const { own, argv } = splitArguments(process.argv);
await runCommand(defineShell(argv), own);
