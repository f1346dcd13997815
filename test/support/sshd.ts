import { execFileSync, spawn } from "node:child_process";
import { accessSync, constants, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { userInfo } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface Sshd {
  port: number;
  user: string;
  keyFile: string;
  knownHostsFile: string;
  stop(): void;
}

/** Starts the machine's own sshd on loopback, for the user who asks; or says why it cannot. */
export async function startSshd(folder: string): Promise<Sshd | { reason: string }> {
  const program = findProgram();
  if (program === undefined) return { reason: "there is no sshd on this machine" };
  const at = (name: string) => path.join(folder, name);
  for (const name of ["host", "user"]) {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at(name)]);
  }
  const port = await findFreePort();
  const settings = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${at("host")}`,
    `AuthorizedKeysFile ${at("user.pub")}`,
    "PidFile none",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "UsePAM no",
    "StrictModes no",
  ];
  writeFileSync(at("sshd_config"), `${settings.join("\n")}\n`);
  const [type, key] = readFileSync(at("host.pub"), "utf8").split(" ");
  writeFileSync(at("known hosts"), `[127.0.0.1]:${port} ${type} ${key}\n`);
  const child = spawn(program, ["-D", "-e", "-f", at("sshd_config")], { stdio: "pipe" });
  let said = "";
  child.stderr.on("data", (part: Buffer) => {
    said += part.toString();
  });
  for (let tries = 0; tries < 50 && child.exitCode === null; tries += 1) {
    if (await isListening(port)) {
      return {
        port,
        user: userInfo().username,
        keyFile: at("user"),
        knownHostsFile: at("known hosts"),
        stop: () => child.kill(),
      };
    }
    await sleep(100);
  }
  child.kill();
  return { reason: `sshd does not start for this user: ${said.trim()}` };
}

function findProgram(): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  // sshd starts itself again, and for that wants to be called by its full path.
  return folders.map((folder) => path.resolve(folder, "sshd")).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A port of loopback that nobody listens on at the moment. */
export async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
