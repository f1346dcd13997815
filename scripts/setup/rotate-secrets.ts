#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { rotateSecrets } from "../../lib/commands/rotate-secrets.ts";

await runCommand(rotateSecrets);
