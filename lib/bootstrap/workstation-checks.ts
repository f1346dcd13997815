import type { FileFacts } from "../world.ts";
import type { Check } from "./check.schema.ts";

/** A file that only its owner may read. */
export interface PrivateFile {
  /** "vault password", "age key". */
  name: string;
  file: string;
  /** How to make it; without it the file need not be there yet, and this is why. */
  fix?: string;
  notYet?: string;
}

/** A variable of .envrc with what it is for. */
export interface Variable {
  name: string;
  why: string;
}

const about = "this machine";

/** Whether a file is there and its owner's alone; `facts` is undefined when it is not there. */
export function judgePrivateFile(
  { name, file, fix, notYet }: PrivateFile,
  facts: FileFacts | undefined,
): Check {
  if (facts === undefined) {
    if (fix === undefined) {
      return { about, check: name, state: "note", says: `there is no ${file}: ${notYet ?? ""}` };
    }
    const says = `there is no ${file}`;
    return { about, check: name, state: "finding", code: "FILE_MISSING", says, fix };
  }
  if (!facts.isFile) {
    const says = `${file} is not a file`;
    const move = `Move it away, then: ${fix ?? notYet ?? ""}`;
    return { about, check: name, state: "finding", code: "FILE_UNFIT", says, fix: move };
  }
  const mode = facts.mode.toString(8).padStart(4, "0");
  // What can be run, Ansible runs: the password would be what it prints.
  if ((facts.mode & 0o177) === 0) {
    return { about, check: name, state: "ok", says: `${file} has mode ${mode}` };
  }
  return {
    about,
    check: name,
    state: "finding",
    code: "FILE_OPEN",
    says: `${file} has mode ${mode}: others may read it, or it can be run`,
    fix: `chmod 600 ${file}`,
  };
}

/** Whether the variables are set; no value is looked at, and none can be shown. */
export function judgeVariables(
  variables: readonly Variable[],
  has: (name: string) => boolean,
): Check[] {
  return variables.map(({ name, why }) => {
    if (has(name)) return { about, check: name, state: "ok", says: `${name} is set` };
    return {
      about,
      check: name,
      state: "finding",
      code: "VARIABLE_MISSING",
      says: `${name} is not set`,
      why,
      fix: `Set it in .envrc (cp .envrc.example .envrc where there is none), then: direnv allow`,
    };
  });
}

/** The variables that a place needs; `providers` are those of its hosts. */
export function listVariables(providers: ReadonlySet<string>): Variable[] {
  const power = "a failover switches a dead machine off with it";
  const r2 = "backups and snapshots lie in Cloudflare R2";
  const dns = "DNS records are made with it";
  return [
    { name: "ANSIBLE_VAULT_PASSWORD_FILE", why: "Ansible reads the vault with it" },
    { name: "CLOUDFLARE_API_TOKEN", why: dns },
    { name: "CLOUDFLARE_ZONE_ID", why: dns },
    { name: "AWS_ACCESS_KEY_ID", why: r2 },
    { name: "AWS_SECRET_ACCESS_KEY", why: r2 },
    ...(providers.has("hetzner") ? [{ name: "HCLOUD_TOKEN", why: power }] : []),
    ...(providers.has("vultr") ? [{ name: "VULTR_API_KEY", why: power }] : []),
    ...(providers.has("aws") ? [{ name: "INFRA_K3S_EC2_PROFILE", why: power }] : []),
  ];
}
