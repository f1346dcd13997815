import { connect, isIP } from "node:net";
import { describeError, exitCodes, hasCode, InfraError } from "../errors.ts";
import type {
  HostAnswer,
  Hosts,
  HostScript,
  LoginTry,
  ProbeResult,
  ProbeTarget,
} from "../world.ts";
import { connectSeconds, planSsh, runOptions, type SshHost, type SshOptions } from "./plan-ssh.ts";
import { run, type RunResult } from "./run.ts";
import { findLoginFailure } from "./ssh-failure.ts";

const probeSeconds = 2;

/** Longer than any command of ours takes once the connection is there. */
const commandSeconds = 20;

/** ssh's own code for "no connection"; ours never end with it. */
const noConnection = 255;

/** Prints what a TCP connection from the host to $address:$port tells. */
const probeScript = `
if error=$(LC_ALL=C timeout ${probeSeconds} bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$address" "$port" 2>&1)
then echo open
elif [[ $error == *"Connection refused"* ]]; then echo closed
else echo silent
fi
`;

/** The machines, reached by TCP from here and by ssh. */
export function connectHosts(hosts: readonly SshHost[], options: SshOptions = {}): Hosts {
  return {
    async run(name, script) {
      return await answer(getSshHost(hosts, name), script, options);
    },
    async probe(target) {
      if (target.from === undefined) return await probeFromHere(target);
      const host = getSshHost(hosts, target.from);
      const { stdout } = await runScript(host, planProbe(target), options);
      const result = readLastLine(stdout);
      if (result === "open" || result === "closed" || result === "silent") return result;
      throw unreachable(host, `it answered "${result.slice(0, 80)}" to a probe`);
    },
    async readFreeBytes(name, path) {
      const host = getSshHost(hosts, name);
      const { quote } = await import("zx/core");
      const script = `exec df --output=avail -B1 -- ${quote(path)}\n`;
      const { stdout, stderr, code } = await runScript(host, script, options);
      const bytes = readLastLine(stdout);
      if (code === 0 && /^\d+$/.test(bytes)) return Number(bytes);
      throw new InfraError({
        code: "HOSTS_FAILED",
        message: `the free space of ${path} on "${name}" could not be read`,
        why: (stderr || stdout).trim() || `df ended with code ${code}`,
        fix: `Look at it there: df ${path}`,
        exitCode: exitCodes.failed,
      });
    },
  };
}

/** A host's ~/.bashrc may greet before a script says anything. */
function readLastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)?.trim() ?? "";
}

function planProbe({ address, port }: ProbeTarget): string {
  // Both become words of a shell script.
  if (isIP(address) === 0 || !Number.isInteger(port)) {
    throw new Error(`"${address}", port ${port}, is no address to probe`);
  }
  return `address=${address} port=${port}\n${probeScript}`;
}

function probeFromHere({ address, port }: ProbeTarget): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: probeSeconds * 1000 });
    function end(result: ProbeResult): void {
      resolve(result);
      socket.destroy();
    }
    socket.once("connect", () => end("open"));
    socket.once("timeout", () => end("silent"));
    // "No route to host" is a router's word, not the host's.
    socket.once("error", (error: NodeJS.ErrnoException) =>
      end(error.code === "ECONNREFUSED" ? "closed" : "silent"),
    );
  });
}

/** Runs a bash script on the host, over the mesh or else its public address. */
async function runScript(host: SshHost, script: string, options: SshOptions): Promise<RunResult> {
  const failures: string[] = [];
  for (const address of [host.meshIp, host.publicIp]) {
    if (address === undefined) continue;
    try {
      const seconds = connectSeconds + commandSeconds;
      const result = await run(
        planSsh(host, address, options),
        runOptions(host, script, seconds, options),
      );
      if (result.code !== noConnection) return result;
      failures.push(`${address}: ${result.stderr.trim() || "no connection"}`);
    } catch (error) {
      if (!hasCode(error, "EXEC_TIMEOUT", "EXEC_FAILED")) throw error;
      failures.push(`${address}: ${describeError(error)}`);
    }
  }
  throw unreachable(host, failures.join("\n"));
}

/** Runs a POSIX script within one limit of time for all addresses. */
async function answer(
  host: SshHost,
  { script, timeoutSeconds, signal }: HostScript,
  options: SshOptions,
): Promise<HostAnswer> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  const tries: LoginTry[] = [];
  for (const address of [host.meshIp, host.publicIp]) {
    if (address === undefined) continue;
    const leftSeconds = (deadline - performance.now()) / 1000;
    if (leftSeconds <= 0) break;
    try {
      const result = await run(planSsh(host, address, options, "sh"), {
        ...runOptions(host, script, leftSeconds, options),
        ...(signal === undefined ? {} : { signal }),
      });
      if (result.code !== noConnection) return { kind: "ran", ...result, address };
      const failure = findLoginFailure(result.stderr);
      tries.push({ address, failure, says: result.stderr.trim() });
    } catch (error) {
      if (!hasCode(error, "EXEC_TIMEOUT", "EXEC_FAILED")) throw error;
      const failure = hasCode(error, "EXEC_TIMEOUT") ? "timeout" : "other";
      tries.push({ address, failure, says: describeError(error) });
    }
  }
  return { kind: "no-login", tries };
}

function getSshHost(hosts: readonly SshHost[], name: string): SshHost {
  const host = hosts.find((one) => one.name === name);
  if (host !== undefined) return host;
  throw new InfraError({
    code: "HOSTS_UNREACHABLE",
    message: `host "${name}" cannot be reached`,
    why: "it is not in the inventory",
    fix: "Add it to hosts.yml under the name of its node",
    exitCode: exitCodes.failed,
  });
}

function unreachable(host: SshHost, why: string): InfraError {
  return new InfraError({
    code: "HOSTS_UNREACHABLE",
    message: `host "${host.name}" cannot be reached over ssh`,
    why,
    fix: `Log in by hand and see: ssh -p ${host.sshPort} ${host.ansibleUser}@${host.publicIp}`,
    exitCode: exitCodes.failed,
  });
}
