import { homedir } from "node:os";
import path from "node:path";
import { InfraError } from "../lib/errors.ts";

/** What every name of the lab on this machine begins with: namespaces, machines, cgroup folders. */
export const labName = "infra-k3s-lab";

/** Where the pieces of the lab's state lie; the folder itself is also the lab's site. */
export interface LabPaths {
  /** All of it is removed by `down`. */
  state: string;
  record: string;
  /** What a drill plants, beside the state: it is there before the lab; `down` removes it, too. */
  traps: string;
  inventory: string;
  kubeconfig: string;
  /** What Ansible writes beside its changes of hosts: logs and sockets of ssh. */
  ansible: string;
  /** Which run of the playbooks has made the cluster. */
  clusterRun: string;
  ssh: string;
  privateKey: string;
  sshConfig: string;
  knownHosts: string;
  /** Of the operator's namespace, in place of /etc/hosts and /etc/resolv.conf. */
  operatorHosts: string;
  operatorResolver: string;
  /** A folder with programs, first in the operator's PATH. */
  operatorPrograms: string;
  operatorMesh: OperatorMeshPaths;
  /** The operator's clone of what the lab's git server has. */
  clone: string;
  /** Which repositories Argo CD reads. */
  repositories: string;
  /** The static records of the lab's zone. */
  dnsRecords: string;
  /** What opens the vault of the inventory. */
  vaultPassword: string;
  /** Of the user of the host that begins with one. */
  loginPassword: string;
  servers: ServerPaths;
  host(name: string): HostPaths;
}

/** Of the lab's servers; none of it can be seen from a host. */
export interface ServerPaths {
  folder: string;
  settings: string;
  log: string;
  /** A socket (lab/clouds/control.ts). */
  control: string;
  /** A folder with the CA, the server's certificate and their keys. */
  tls: string;
  ca: string;
  /** Of the emulated provider's API. */
  token: string;
  /** Of the emulated Cloudflare. */
  cloudflareToken: string;
  /** The bucket's key pair, as the AWS tools write it. */
  s3Keys: string;
  /** Each folder in it is a bucket. */
  buckets: string;
  /** The name server's settings and its zone. */
  dns: string;
  git: GitPaths;
  mesh: MeshPaths;
}

/** Of the lab's own Git server. */
export interface GitPaths {
  /** What it serves: every bare repository right in it. */
  folder: string;
  repository: string;
  /** Git's index of the work tree as it was last published, so that only what has changed is read. */
  index: string;
  /** Of the one user that may read. */
  password: string;
}

/** Of headscale, which keeps its keys and its database in the folder, too. */
export interface MeshPaths {
  folder: string;
  config: string;
  policy: string;
  /** Where its own commands reach it. */
  socket: string;
}

/** Of the operator's tailscaled, which keeps its state in the folder, too. */
export interface OperatorMeshPaths {
  folder: string;
  socket: string;
  log: string;
  /** There while it joins. */
  authKey: string;
}

export interface HostPaths {
  folder: string;
  /** A link to the tree in the cache that the host was made from. */
  tree: string;
  upper: string;
  work: string;
  /** Where the host's root filesystem is mounted. */
  root: string;
  /** On the machine's own filesystem, since containers cannot live on an overlay. */
  data: string;
  pid: string;
  console: string;
  hostKey: string;
}

/**
 * The lab's state folder: `infra-k3s/lab` in XDG_STATE_HOME or ~/.local/state. Throws
 * LAB_FOLDER_UNFIT when its path has characters that mount options cannot carry.
 */
export function findPaths(env: NodeJS.ProcessEnv = process.env): LabPaths {
  const given = env["XDG_STATE_HOME"];
  // The XDG specification: a relative path is to be ignored.
  const base =
    given !== undefined && path.isAbsolute(given) ? given : path.join(homedir(), ".local/state");
  const state = path.join(base, "infra-k3s", "lab");
  const at = (...parts: string[]) => path.join(state, ...parts);
  if (/[\s,:\\"'$%]/.test(state)) {
    throw new InfraError({
      code: "LAB_FOLDER_UNFIT",
      message: `the lab cannot live in ${state}`,
      why: "mount options and ssh's settings cannot carry a path with blanks or one of , : \\ \" ' $ %",
      fix: "Export XDG_STATE_HOME with a folder of another name",
    });
  }
  return {
    state,
    record: at("record.json"),
    traps: path.join(base, "infra-k3s", "drill"),
    inventory: at("inventory"),
    kubeconfig: at("kubeconfig"),
    ansible: at("ansible"),
    clusterRun: at("ansible/cluster-run"),
    ssh: at("ssh"),
    privateKey: at("ssh/id_ed25519"),
    sshConfig: at("ssh/config"),
    knownHosts: at("ssh/known_hosts"),
    operatorHosts: at("operator/hosts"),
    operatorResolver: at("operator/resolv.conf"),
    operatorPrograms: at("operator/bin"),
    clone: at("clone"),
    repositories: at("repositories.yaml"),
    dnsRecords: at("dns-records.yaml"),
    vaultPassword: at("private/ansible-vault-pass"),
    loginPassword: at("ssh/password"),
    operatorMesh: {
      folder: at("operator/mesh"),
      socket: at("operator/mesh/socket"),
      log: at("operator/mesh/log"),
      authKey: at("operator/mesh/auth-key"),
    },
    servers: {
      folder: at("servers"),
      settings: at("servers/settings.json"),
      log: at("servers/log"),
      control: at("servers/control"),
      tls: at("servers/tls"),
      ca: at("servers/tls/ca.pem"),
      token: at("servers/hcloud-token"),
      cloudflareToken: at("servers/cloudflare-token"),
      s3Keys: at("servers/s3-keys"),
      buckets: at("servers/buckets"),
      dns: at("servers/dns"),
      git: {
        folder: at("servers/git"),
        repository: at("servers/git/infra-k3s.git"),
        index: at("servers/git-index"),
        password: at("servers/git-password"),
      },
      mesh: {
        folder: at("servers/headscale"),
        config: at("servers/headscale/config.yaml"),
        policy: at("servers/headscale/policy.json"),
        socket: at("servers/headscale/socket"),
      },
    },
    host: (name) => ({
      folder: at("hosts", name),
      tree: at("hosts", name, "tree"),
      upper: at("hosts", name, "upper"),
      work: at("hosts", name, "work"),
      root: at("hosts", name, "root"),
      data: at("hosts", name, "data"),
      pid: at("hosts", name, "pid"),
      console: at("hosts", name, "console.log"),
      hostKey: at("ssh/hosts", name),
    }),
  };
}
