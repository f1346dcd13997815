import type { PrivateFile } from "../bootstrap/workstation-checks.ts";
import { commonFlags } from "../cli/common-flags.ts";
import { defineCommand } from "../cli/define-command.ts";
import type { Site } from "../config/site.ts";
import { exitCodes, InfraError } from "../errors.ts";
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
    const [config, versions, ssh, workstation, system, bootstrap, render, tools, own, planning] =
      await Promise.all([
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
      ]);
    const env = process.env;
    const site = await config.loadSite({ ...flags, env });
    const { k3s } = await versions.loadVersions();
    const { cluster, mistakes } = await readInventory(site);
    const plan = planning.planHostChecks(cluster);
    const hosts = flags.noHosts ? [] : plan.hosts;
    terminal.err(`Site ${site.name} (${site.folder})\n`);
    const world = {
      hosts: ssh.connectHosts(hosts, { knownHostsFile: site.sshKnownHostsFile, env }),
      clock: system.systemClock,
      workstation: workstation.openWorkstation(env),
    };
    const report = await bootstrap.examine(world, {
      tools: tools.listTools({ k3s: k3s.version, mesh: plan.mesh }),
      files: await listFiles(site, cluster, env),
      variables: own.listVariables(new Set(cluster?.hosts.map(({ provider }) => provider))),
      inventory: { size: cluster?.hosts.length ?? 0, mistakes },
      hosts,
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

async function listFiles(
  site: Site,
  cluster: ClusterInventory | undefined,
  env: NodeJS.ProcessEnv,
): Promise<PrivateFile[]> {
  const { expandHome } = await import("../config/paths.ts");
  const vault = expandHome(env["ANSIBLE_VAULT_PASSWORD_FILE"] || "~/.ansible-vault-pass");
  const age = expandHome(env["SOPS_AGE_KEY_FILE"] || "~/.config/sops/age/keys.txt");
  const keys = new Set(cluster?.hosts.flatMap(({ sshPrivateKeyFile }) => sshPrivateKeyFile ?? []));
  return [
    {
      name: "vault password",
      file: vault,
      fix: `Bring yours, or make it once: (umask 077; openssl rand -base64 32 >${vault})`,
    },
    {
      name: "age key",
      file: age,
      fix: `Bring yours, or make it once: (umask 077; mkdir -p "$(dirname ${age})"; age-keygen -o ${age})`,
    },
    {
      name: "kubeconfig",
      file: site.kubeconfigFile,
      notYet: "the playbook k3s-cluster.yml writes it",
    },
    ...[...keys].map((file) => ({
      name: "ssh key",
      file,
      fix: `Correct ansible_ssh_private_key_file in hosts.yml, or make it: ssh-keygen -t ed25519 -f ${file}`,
    })),
  ];
}
