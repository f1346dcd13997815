import path from "node:path";
import type { RunOptions } from "./run.ts";

/** What has to be known of a host to log in to it. */
export interface SshHost {
  name: string;
  publicIp: string;
  meshIp: string | undefined;
  ansibleUser: string;
  sshPrivateKeyFile: string | undefined;
  sshPort: number;
  /** For a host that no key is on yet; a registered secret. */
  password?: string | undefined;
}

export interface SshOptions {
  /** Host keys to trust instead of the user's own list. */
  knownHostsFile?: string | undefined;
  env?: NodeJS.ProcessEnv;
}

/** How long a TCP connection and the first word of sshd may take. */
export const connectSeconds = 5;

/** What running ssh needs beside its arguments; `script` is what the host's shell reads. */
export function runOptions(
  host: SshHost,
  script: string,
  timeoutSeconds: number,
  options: SshOptions,
): RunOptions {
  const { password } = host;
  const env = {
    ...(options.env ?? process.env),
    ...(password === undefined ? {} : askpass(password)),
  };
  return {
    // The script goes by stdin: the login shell of the host never sees it.
    stdin: script,
    allowedCodes: Array.from({ length: 256 }, (_, code) => code),
    timeoutSeconds,
    installHint: "Install OpenSSH's client: apt install openssh-client",
    env,
  };
}

/** The command line that runs a shell on the host at one of its addresses. */
export function planSsh(
  host: SshHost,
  address: string,
  options: SshOptions,
  shell: "bash" | "sh" = "bash",
): [string, ...string[]] {
  const settings = {
    ...(host.password === undefined
      ? { BatchMode: "yes" }
      : { BatchMode: "no", NumberOfPasswordPrompts: "1" }),
    ConnectTimeout: String(connectSeconds),
    ConnectionAttempts: "1",
    // A master that hangs would take every later connection with it.
    ControlMaster: "no",
    ControlPath: "none",
    // A host has one key, whichever way it is reached; it is known under its public address.
    HostKeyAlias: host.sshPort === 22 ? host.publicIp : `[${host.publicIp}]:${host.sshPort}`,
    LogLevel: "ERROR",
    ServerAliveInterval: "5",
    ServerAliveCountMax: "2",
    StrictHostKeyChecking: "yes",
    // An agent with many keys uses up the server's tries before the right one.
    ...(host.sshPrivateKeyFile === undefined ? {} : { IdentitiesOnly: "yes" }),
    ...(options.knownHostsFile === undefined
      ? {}
      : {
          UserKnownHostsFile: quoteFile(options.knownHostsFile),
          GlobalKnownHostsFile: "/dev/null",
        }),
  };
  return [
    "ssh",
    ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    ...(host.sshPrivateKeyFile === undefined ? [] : ["-i", host.sshPrivateKeyFile]),
    "-p",
    String(host.sshPort),
    "-l",
    host.ansibleUser,
    "-T",
    "--",
    address,
    shell,
    "-s",
  ];
}

/** How OpenSSH 8.4 and later take a password that nobody types. */
function askpass(password: string): NodeJS.ProcessEnv {
  return {
    SSH_ASKPASS: path.join(import.meta.dirname, "askpass.sh"),
    SSH_ASKPASS_REQUIRE: "force",
    INFRA_K3S_SSH_PASSWORD: password,
  };
}

/** As ssh_config reads it: blanks separate files, and % begins a token. */
function quoteFile(file: string): string {
  return `"${file.replaceAll("%", "%%")}"`;
}
