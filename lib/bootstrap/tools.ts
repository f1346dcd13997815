import { isInRange } from "../config/version-range.ts";
import type { ProgramAnswer } from "../world.ts";
import type { Check } from "./check.schema.ts";

/** A program that a person needs, or may want, beside this project. */
export interface Tool {
  name: string;
  argv: readonly [string, ...string[]];
  /** Bounds as in config/versions.yaml; any version will do when left out. */
  range?: string;
  /** Why that range, or what it is for. */
  why: string;
  /** Whole command lines. */
  brew: string;
  apt: string;
  optional?: true;
}

const brewed = (name: string) => `brew install ${name}`;
const packaged = (name: string) => `sudo apt-get install ${name}`;
const pipx = "pipx install 'ansible-core~=2.19.0'";

const tailscale: Tool = {
  name: "tailscale",
  argv: ["tailscale", "version"],
  why: "once they are in the mesh, hosts are reached over it",
  brew: brewed("tailscale"),
  apt: "add Tailscale's repository (https://tailscale.com/download/linux), then sudo apt-get install tailscale",
};

export interface ToolVersions {
  /** The version that runs in the cluster. */
  k3s: string;
  /** The kind of its mesh. */
  mesh: string;
  /** The range of OpenTofu that was tested; any when left out. */
  tofu: string | undefined;
}

/** Every tool. */
export function listTools({ k3s, mesh, tofu }: ToolVersions): Tool[] {
  return [
    {
      name: "node",
      argv: ["node", "--version"],
      range: ">=22.19",
      why: "the commands run on it, and package.json says so; npm ci brings one on Linux",
      brew: brewed("node@24"),
      apt: "npm ci, then start commands by npx zx",
    },
    {
      name: "ssh",
      argv: ["ssh", "-V"],
      range: ">=8.4",
      why: "Ansible hands it passwords in a way that older ones do not have (SSH_ASKPASS_REQUIRE)",
      brew: brewed("openssh"),
      apt: packaged("openssh-client"),
    },
    {
      name: "ansible-core",
      argv: ["ansible-playbook", "--version"],
      range: ">=2.19 <2.20",
      why: "the playbooks were run with 2.19 only",
      brew: `${brewed("pipx")} && ${pipx}`,
      apt: `${packaged("pipx")} && ${pipx}`,
    },
    {
      name: "sops",
      argv: ["sops", "--version"],
      range: ">=3.9",
      why: "Secrets in Git are encrypted with it",
      brew: brewed("sops"),
      apt: "download the .deb from https://github.com/getsops/sops/releases, then sudo apt-get install ./sops_*.deb",
    },
    {
      name: "age",
      argv: ["age", "--version"],
      why: "the keys of sops are age's",
      brew: brewed("age"),
      apt: packaged("age"),
    },
    {
      name: "direnv",
      argv: ["direnv", "version"],
      why: "it loads .envrc in this folder only",
      brew: brewed("direnv"),
      apt: packaged("direnv"),
    },
    {
      name: "tofu",
      argv: ["tofu", "--version"],
      ...(tofu === undefined ? {} : { range: tofu }),
      why: "DNS records and buckets are made with it, and tofu/versions.tf takes no other",
      brew: brewed("opentofu"),
      apt: "add OpenTofu's repository (https://opentofu.org/docs/intro/install/deb/), then sudo apt-get install tofu",
    },
    ...(mesh === "tailscale" ? [tailscale] : []),
    {
      name: "kubectl",
      argv: ["kubectl", "version", "--client"],
      range: rangeAround(k3s),
      why: "kubectl may be one minor version away from the cluster",
      brew: brewed("kubernetes-cli"),
      apt: "add Kubernetes' repository (https://kubernetes.io/docs/tasks/tools/install-kubectl-linux/), then sudo apt-get install kubectl",
      optional: true,
    },
  ];
}

/** What a tool's answer comes to. */
export function judgeTool(tool: Tool, answer: ProgramAnswer): Check {
  const { name, range, why } = tool;
  const fix = `${tool.brew}, or on Debian and Ubuntu: ${tool.apt}`;
  const check = (state: "ok" | "note", says: string): Check => {
    return { about: "this machine", check: name, state, says };
  };
  const wrong = (code: string, says: string, because: string): Check => {
    // What is not needed has no finding, whatever is wrong with it.
    if (tool.optional) return check("note", `${says}; it is not needed`);
    return { about: "this machine", check: name, state: "finding", code, says, why: because, fix };
  };
  if (answer.state === "missing") return wrong("TOOL_MISSING", `${name} is not installed`, why);
  if (answer.state === "broken") {
    return wrong("TOOL_BROKEN", `${name} is there and does not run`, answer.says);
  }
  const version = findVersion(answer.says);
  if (version === undefined) return check("ok", `${name}, which does not say its version`);
  if (range === undefined || isInRange(version, range)) return check("ok", `${name} ${version}`);
  return wrong("TOOL_VERSION", `${name} is ${version} and has to be ${range}`, why);
}

/** `OpenSSH_9.2p1`, `ansible-playbook [core 2.19.14]`, `OpenTofu v1.9.0` and the like. */
function findVersion(text: string): string | undefined {
  return /\d+\.\d+(\.\d+)?/.exec(text)?.[0];
}

/** `v1.36.3+k3s1` gives `>=1.35 <1.38`. */
function rangeAround(version: string): string {
  const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
  return `>=${major}.${(minor ?? 0) - 1} <${major}.${(minor ?? 0) + 2}`;
}
