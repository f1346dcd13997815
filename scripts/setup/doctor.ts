#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { doctor } from "../../lib/commands/doctor.ts";

await runCommand(doctor);
