#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { validate } from "../../lib/commands/validate.ts";

await runCommand(validate);
