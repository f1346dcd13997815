#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { labDrill } from "../../lab/commands/drill.ts";

await runCommand(labDrill);
