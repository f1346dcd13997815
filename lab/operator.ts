import { spawn } from "node:child_process";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import path from "node:path";
import { addresses, allHosts, renderHostsFile, upstreamHost } from "./host-list.ts";
import { enterNamespace, operatorNamespace } from "./network.ts";
import { type Mount, readMounts } from "./mounts.ts";
import type { LabPaths } from "./paths.ts";
import { readSecretVariables } from "./server-secrets.ts";

/** Variables that would lead a program to a real cluster, a real cloud or a real secret. */
const realThings = /^(KUBECONFIG|(CLOUDFLARE|AWS|HCLOUD|VULTR|TF|SOPS|ANSIBLE|INFRA_K3S)_.*)$/;

/** Of a proxy, which nobody reaches from the lab's network. */
const proxies = /^(HTTPS?|ALL|NO)_PROXY$/i;

/**
 * Makes the mounts of the operator's processes their own, so that none of them keeps a host's disk
 * or network alive, then gives them the lab's names.
 */
const script = `
set -eu
hosts=$1 resolver=$2 ssh_config=$3 disks=$4
shift 4
umount --lazy /run/netns 2>/dev/null || true
for disk in $disks; do umount --lazy "$disk" 2>/dev/null || true; done
mount --bind "$hosts" /etc/hosts
[ ! -e /etc/resolv.conf ] || mount --bind "$resolver" /etc/resolv.conf
[ ! -e /etc/ssh/ssh_config ] || mount --bind "$ssh_config" /etc/ssh/ssh_config
exec "$@"
`;

/** Whether the mounts are those of a process that was started by enterOperator. */
export function isOperator(mounts: readonly Mount[]): boolean {
  // The operator does not see the namespaces of the lab, its own among them.
  return mounts.some(
    ({ point, root }) => point === "/etc/hosts" && root.includes("/infra-k3s/lab/operator/hosts"),
  );
}

/** Lets the operator start programs by their names; what was given a name before gets the new one. */
export async function linkPrograms(
  paths: LabPaths,
  programs: Readonly<Record<string, string>>,
): Promise<void> {
  await mkdir(paths.operatorPrograms, { recursive: true });
  for (const [name, program] of Object.entries(programs)) {
    const link = path.join(paths.operatorPrograms, name);
    await rm(`${link}.new`, { force: true });
    await symlink(program, `${link}.new`);
    await rename(`${link}.new`, link);
  }
}

/** Writes the files that the operator sees in place of the machine's own. */
export async function ensureOperatorFiles(paths: LabPaths): Promise<void> {
  await mkdir(path.dirname(paths.operatorHosts), { recursive: true });
  const upstream = `${addresses.servers} ${upstreamHost}\n`;
  await writeFile(paths.operatorHosts, renderHostsFile() + upstream);
  await writeFile(
    paths.operatorResolver,
    `# It knows the names of one zone, and refuses all others\nnameserver ${addresses.servers}\n`,
  );
}

/** The command line that runs `argv` where the operator of the lab is; itself for one who is there. */
export async function enterOperator(
  paths: LabPaths,
  argv: readonly [string, ...string[]],
): Promise<readonly [string, ...string[]]> {
  if (isOperator(await readMounts())) return argv;
  const disks = allHosts.map(({ name }) => paths.host(name).root).join(" ");
  const files = [paths.operatorHosts, paths.operatorResolver, paths.sshConfig];
  const ownMounts = ["unshare", "--mount", "--propagation", "private"];
  const enter = ["sh", "-c", script, "operator", ...files, disks];
  return [...enterNamespace(operatorNamespace), ...ownMounts, ...enter, ...argv];
}

/**
 * `env` without anything that belongs to another place than the lab, and with the lab's site and
 * the token of its emulated provider.
 */
export function buildOperatorEnvironment(
  paths: LabPaths,
  env: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !realThings.test(name) && !proxies.test(name),
  );
  const own = {
    ...readSecretVariables(paths.servers),
    INFRA_K3S_SITE: paths.state,
    // ~/.kube/kuberc would change what kubectl does (kubectl: pkg/kuberc/kuberc.go).
    KUBERC: "off",
    // Else it writes to ~/.kube/cache, which is no part of the lab.
    KUBECACHEDIR: path.join(paths.state, "kube-cache"),
    // All servers that it can reach are the lab's; Go, Python and curl go by the first one.
    SSL_CERT_FILE: paths.servers.ca,
    GIT_SSL_CAINFO: paths.servers.ca,
  };
  const PATH = [paths.operatorPrograms, env["PATH"]].filter(Boolean).join(":");
  return { ...Object.fromEntries(kept), ...own, PATH };
}

/** Runs a program where the operator is, on this process's terminal; returns its exit code. */
export async function runAsOperator(
  paths: LabPaths,
  argv: readonly [string, ...string[]],
): Promise<number> {
  const [program, ...args] = await enterOperator(paths, argv);
  const child = spawn(program, args, {
    env: buildOperatorEnvironment(paths, process.env),
    stdio: "inherit",
  });
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    // As a shell tells of a signal.
    child.once("close", (code, signal) =>
      resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]),
    );
  });
}
