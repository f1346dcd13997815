#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { newApp } from "../../lib/commands/new-app.ts";

await runCommand(newApp);
