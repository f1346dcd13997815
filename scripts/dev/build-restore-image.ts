#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { buildRestoreImage } from "../../lab/commands/build-restore-image.ts";

await runCommand(buildRestoreImage);
