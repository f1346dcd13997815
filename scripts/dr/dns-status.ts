#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { dnsStatus } from "../../lib/commands/dns-status.ts";

await runCommand(dnsStatus);
