import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildOperatorEnvironment, enterOperator } from "../../../lab/operator.ts";
import type { LabPaths } from "../../../lab/paths.ts";
import { runScript, type ScriptEnd } from "../../../lab/run-script.ts";
import { repositoryRoot } from "../../../lib/config/paths.ts";
import { run, type RunResult } from "../../../lib/exec/run.ts";

/** A machine of the operator that knows nothing but what it is given. */
export interface Laptop {
  /** Its site. */
  site: string;
  script(...argv: [string, ...string[]]): Promise<ScriptEnd>;
  /** Fetches the kubeconfig from the server, as docs/how-to/setup.md says. */
  fetchKubeconfig(): Promise<RunResult>;
  remove(): Promise<void>;
}

/** What of a site is in Git. */
const committed = [
  "site.yaml",
  ".sops.yaml",
  "repositories.yaml",
  "inventory",
  "config",
  "kubernetes",
];

/** What a person brings along beside the recovery key: ssh keys, known hosts, the CA of the lab. */
const brought = ["ssh", "servers/tls/ca.pem"];

/**
 * A fresh clone, an empty home, what Git has of the site, and the custody list: the recovery key in
 * place of the key that was on the first machine.
 */
export async function setUpLaptop(
  paths: LabPaths,
  recoveryKey: string,
  { onLine, signal }: { onLine: (line: string) => void; signal: AbortSignal },
): Promise<Laptop> {
  const folder = await mkdtemp(path.join(tmpdir(), "infra-k3s-laptop-"));
  const at = (name: string) => path.join(folder, name);
  const gitEnv = {
    PATH: process.env["PATH"],
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
  };
  const { repository } = paths.servers.git;
  await run(["git", "clone", "--quiet", repository, at("clone")], { env: gitEnv });
  await symlink(path.join(repositoryRoot, "node_modules"), at("clone/node_modules"));
  for (const name of ["home", "site/private"]) {
    await mkdir(at(name), { recursive: true, mode: 0o700 });
  }
  for (const name of [...committed, ...brought]) {
    await cp(path.join(paths.state, name), at(`site/${name}`), { recursive: true });
  }
  await symlink(at("clone"), at("site/clone"));
  await cp(recoveryKey, at("site/private/age-keys.txt"));
  const env = { INFRA_K3S_SITE: at("site"), ANSIBLE_HOME: at("home/.ansible") };
  const home = at("home");
  return {
    site: at("site"),
    async script(...argv) {
      return await runScript(paths, argv, { home, env, workTree: at("clone"), onLine, signal });
    },
    async fetchKubeconfig() {
      const playbook: [string, ...string[]] = [
        "ansible-playbook",
        "--inventory",
        at("site/inventory"),
        "--vault-password-file",
        at("site/private/ansible-vault-pass"),
        "--extra-vars",
        `kubeconfig_path=${at("site/kubeconfig")}`,
        "playbooks/k3s-master.yml",
        "--tags",
        "kubeconfig",
      ];
      return await run(await enterOperator(paths, playbook), {
        cwd: at("clone/ansible"),
        env: { ...buildOperatorEnvironment(paths, process.env), ...env, HOME: home },
        timeoutSeconds: 120,
        signal,
      });
    },
    remove: async () => await rm(folder, { recursive: true }),
  };
}
