import type { Host } from "../inventory/load.ts";
import type { Check } from "./check.schema.ts";

/** A host with what its checks have to know; the password of one that begins with it is a secret. */
export type HostToCheck = { password?: string | undefined } & Pick<
  Host,
  | "name"
  | "group"
  | "publicIp"
  | "meshIp"
  | "ansibleUser"
  | "sshPort"
  | "sshPrivateKeyFile"
  | "sshPasswordVariable"
>;

/** The command line that runs `command` on a host, for a person to copy. */
export function renderLogin(host: HostToCheck, command = ""): string {
  const { sshPort, sshPrivateKeyFile, ansibleUser, publicIp } = host;
  const port = sshPort === 22 ? "" : ` -p ${sshPort}`;
  const key = sshPrivateKeyFile === undefined ? "" : ` -i ${sshPrivateKeyFile}`;
  return `ssh${port}${key} ${ansibleUser}@${publicIp}${command === "" ? "" : ` ${command}`}`;
}

export function pass(host: { name: string }, check: string, says: string): Check {
  return { about: host.name, check, state: "ok", says };
}

export function note(host: { name: string }, check: string, says: string): Check {
  return { about: host.name, check, state: "note", says };
}

export function find(
  host: { name: string },
  check: string,
  finding: { code: string; says: string; why?: string; fix: string },
): Check {
  return { about: host.name, check, state: "finding", ...finding };
}
