#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { initSecrets } from "../../lib/commands/init-secrets.ts";

await runCommand(initSecrets);
