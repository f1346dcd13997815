#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { updateSchemas } from "../../lib/commands/update-schemas.ts";

await runCommand(updateSchemas);
