#!/usr/bin/env -S npx --no-install zx
import { runCommand } from "../../lib/cli/run-command.ts";
import { initCluster } from "../../lib/commands/init-cluster.ts";

await runCommand(initCluster);
