import type { CompareToken } from "../bootstrap/check-escrow.ts";
import type { PrivateFile } from "../bootstrap/workstation-checks.ts";
import { commonFlags } from "../cli/common-flags.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Site } from "../config/site.ts";
import { exitCodes, hasCode, InfraError } from "../errors.ts";
import type { ClusterInventory } from "../inventory/load-cluster.ts";

export const doctor = defineCommand({
  script: "scripts/setup/doctor.ts",
  summary: "Check tools, keys, settings, inventory and every host, and say how to put each right",
  examples: [
    { line: "zx scripts/setup/doctor.ts", does: "check all that a setup needs; changes nothing" },
    { line: "zx scripts/setup/doctor.ts --json", does: "the same for a program" },
    {
      line: "zx scripts/setup/doctor.ts --no-hosts",
      does: "check this machine and the inventory, and log in to no host",
    },
  ],
  flags: {
    "no-hosts": { type: "boolean", help: "log in to no host" },
    ...commonFlags,
  },
  async run({ flags }, terminal) {
    const [
      config,
      versions,
      ssh,
      workstation,
      system,
      bootstrap,
      render,
      tools,
      own,
      planning,
      secrets,
    ] = await Promise.all([
      import("../config/site.ts"),
      import("../config/versions.ts"),
      import("../exec/ssh.ts"),
      import("../exec/workstation.ts"),
      import("../config/system.ts"),
      import("../bootstrap/doctor.ts"),
      import("../bootstrap/render-doctor.ts"),
      import("../bootstrap/tools.ts"),
      import("../bootstrap/workstation-checks.ts"),
      import("../bootstrap/plan-host-checks.ts"),
      import("../secrets/vault.ts"),
    ]);
    const env = process.env;
    const site = await config.loadSite({ ...flags, env });
    const { k3s, opentofu } = await versions.loadVersions();
    const { cluster, mistakes } = await readInventory(site);
    const vault = await readVault(site, env);
    const plan = planning.planHostChecks(cluster);
    const hosts = flags.noHosts ? [] : secrets.addPasswords(plan.hosts, vault.secrets);
    const server = hosts.find(({ group }) => group === "k3s_masters");
    terminal.err(`Site ${site.name} (${site.folder})\n`);
    const world = {
      hosts: ssh.connectHosts(hosts, {
        knownHostsFile: site.sshKnownHostsFile,
        env,
      }),
      clock: system.systemClock,
      workstation: workstation.openWorkstation(env),
    };
    const report = await bootstrap.examine(world, {
      tools: tools.listTools({ k3s: k3s.version, mesh: plan.mesh, tofu: opentofu?.tested }),
      files: listFiles(site, cluster),
      variables: own.listVariables(new Set(cluster?.hosts.map(({ provider }) => provider))),
      inventory: {
        size: cluster?.hosts.length ?? 0,
        mistakes: joinMistakes(mistakes, vault.mistakes),
      },
      hosts,
      escrow: server === undefined ? undefined : { server, compare: compareWith(site, env) },
      ...plan.options,
      signal: terminal.interrupted,
    });
    return {
      exitCode: report.findings === 0 ? exitCodes.done : exitCodes.findings,
      text: render.renderDoctor(report),
      json: report,
    };
  },
});

/** An inventory with mistakes is a finding among others, and its hosts are looked at all the same. */
async function readInventory(
  site: Site,
): Promise<{ cluster: ClusterInventory | undefined; mistakes: InfraError[] }> {
  const { readCluster } = await import("../inventory/load-cluster.ts");
  const { listMistakes } = await import("../config/load-yaml.ts");
  try {
    const { mistakes, ...cluster } = await readCluster(site.inventoryFolder);
    return { cluster, mistakes };
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    return { cluster: undefined, mistakes: listMistakes(error) };
  }
}

/** The vault in clear; that it cannot be read is a finding, or one of the tools is. */
async function readVault(
  site: Site,
  env: NodeJS.ProcessEnv,
): Promise<{ secrets: Readonly<Record<string, string>>; mistakes: InfraError[] }> {
  const { loadVault } = await import("../secrets/vault.ts");
  try {
    return { secrets: (await loadVault(site, env)) ?? {}, mistakes: [] };
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    const { listMistakes } = await import("../config/load-yaml.ts");
    return { secrets: {}, mistakes: hasCode(error, "EXEC_MISSING") ? [] : listMistakes(error) };
  }
}

/** A vault in clear is told once. */
function joinMistakes(ofInventory: InfraError[], ofVault: InfraError[]): InfraError[] {
  const isTold = ofInventory.some(({ code }) => code === "INVENTORY_SECRET_PLAIN");
  return [
    ...ofInventory,
    ...ofVault.filter(({ code }) => !(isTold && code === "SECRETS_NOT_ENCRYPTED")),
  ];
}

function compareWith(site: Site, env: NodeJS.ProcessEnv): CompareToken {
  return async (token) => {
    const { compareServerToken } = await import("../secrets/escrow.ts");
    return await compareServerToken({ site, env }, token);
  };
}

function listFiles(site: Site, cluster: ClusterInventory | undefined): PrivateFile[] {
  const keys = new Set(cluster?.hosts.flatMap(({ sshPrivateKeyFile }) => sshPrivateKeyFile ?? []));
  const make = "Bring yours, or make a new one: npx zx scripts/setup/init-secrets.ts";
  return [
    { name: "vault password", file: site.vaultPasswordFile, fix: make },
    { name: "age key", file: site.ageKeyFile, fix: make },
    {
      name: "kubeconfig",
      file: site.kubeconfigFile,
      notYet: "scripts/setup/init-cluster.ts writes it",
    },
    ...[...keys].map((file) => ({
      name: "ssh key",
      file,
      fix: `Correct ansible_ssh_private_key_file in hosts.yml, or make it: ssh-keygen -t ed25519 -f ${file}`,
    })),
  ];
}
