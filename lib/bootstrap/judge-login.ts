import type { LoginFailure, LoginTry } from "../world.ts";
import type { Check } from "./check.schema.ts";
import { find, type HostToCheck, renderLogin } from "./host-target.ts";

/** The most telling first: a mesh that is silent says less than a key that was refused. */
const order: readonly LoginFailure[] = [
  "key-unusable",
  "host-key-changed",
  "host-key-unknown",
  "denied",
  "timeout",
  "other",
  "closed",
  "silent",
];

/** What to tell of a host that nobody could log in to. */
export function judgeLogin(host: HostToCheck, tries: readonly LoginTry[]): Check {
  const [first] = tries.toSorted((a, b) => order.indexOf(a.failure) - order.indexOf(b.failure));
  if (first === undefined) {
    return find(host, "login", {
      code: "HOST_SILENT",
      says: "nothing was tried in the time there was",
      fix: "Run the same command again",
    });
  }
  const why = tries.map(({ address, says }) => `${address}: ${oneLine(says)}`).join("; ");
  return find(host, "login", { ...explain(host, first), why });
}

function explain(
  host: HostToCheck,
  { failure, address }: LoginTry,
): { code: string; says: string; fix: string } {
  const { ansibleUser, publicIp, sshPort, sshPrivateKeyFile: key } = host;
  const port = sshPort === 22 ? "" : ` -p ${sshPort}`;
  const known = sshPort === 22 ? publicIp : `'[${publicIp}]:${sshPort}'`;
  switch (failure) {
    case "denied":
      return {
        code: "HOST_LOGIN_DENIED",
        says: `it does not let "${ansibleUser}" in with ${key === undefined ? "the keys that ssh offers" : `the key ${key}`}`,
        fix: explainDenied(host, `ssh-copy-id${port}`, `${ansibleUser}@${address}`),
      };
    case "key-unusable":
      return {
        code: "HOST_KEY_UNUSABLE",
        says: `ssh refuses the key file ${key ?? "that it found"}`,
        fix: `chmod 600 ${key ?? "~/.ssh/*"}, or correct the file`,
      };
    case "host-key-unknown":
      return {
        code: "HOST_KEY_UNKNOWN",
        says: `its host key is not among those that are known`,
        fix: `Compare the fingerprint with the one that the provider shows, and answer yes: ${renderLogin(host)}`,
      };
    case "host-key-changed":
      return {
        code: "HOST_KEY_CHANGED",
        says: `it shows another host key at ${address} than the known one`,
        fix: `If the host was made anew: ssh-keygen -R ${known} and then ${renderLogin(host)}; if not, somebody else answers there`,
      };
    case "closed":
      return {
        code: "HOST_CLOSED",
        says: `it is up, and no sshd answers at ${address} port ${sshPort}`,
        fix: "Correct ansible_port in hosts.yml, or start sshd in the provider's console",
      };
    case "silent":
      return {
        code: "HOST_SILENT",
        says: `nobody answers at ${address} port ${sshPort}: the host is down, or a firewall drops it`,
        fix: "Look at it in the provider's console and start it; correct its addresses in hosts.yml",
      };
    case "timeout":
      return {
        code: "HOST_TIMEOUT",
        says: `it lets nobody finish in time at ${address}`,
        fix: `See what keeps it busy: ${renderLogin(host, "uptime")}`,
      };
    case "other":
      return {
        code: "HOST_LOGIN_FAILED",
        says: `ssh cannot log in at ${address}`,
        fix: `Log in by hand and see: ${renderLogin(host)}`,
      };
  }
}

function explainDenied(host: HostToCheck, copy: string, login: string): string {
  const { sshPrivateKeyFile: key, sshPasswordVariable: password } = host;
  if (password !== undefined) {
    return `Correct ${password} in the vault, or put your key there, with the host's password: ${copy} ${login}`;
  }
  return key === undefined
    ? `Name the right key in hosts.yml (ansible_ssh_private_key_file), or put yours there: ${copy} ${login}`
    : `Correct ansible_ssh_private_key_file or ansible_user in hosts.yml, or put the key there: ${copy} -i ${key}.pub ${login}`;
}

function oneLine(text: string): string {
  const lines = text.split("\n").filter((line) => !/^@+$/.test(line.trim()));
  return lines.join(" ").replace(/\s+/g, " ").trim();
}
