import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Test } from "tap";
import { run } from "../../../lib/exec/run.ts";

export interface ApiServer {
  /** Of an administrator. */
  kubeconfig: string;
  /** Runs kubectl with `stdin`; what it prints. Throws EXEC_FAILED. */
  kubectl(args: readonly string[], stdin?: string): Promise<string>;
}

/** A real etcd and kube-apiserver on loopback until the test ends, with no controllers and no nodes. */
export async function startApiServer(
  t: Test,
  programs: Readonly<Record<string, string>>,
): Promise<ApiServer> {
  const folder = mkdtempSync(path.join(tmpdir(), "infra-k3s-api-"));
  const at = (name: string) => path.join(folder, name);
  const [clients, peers, port] = [await findPort(), await findPort(), await findPort()];
  const token = randomBytes(16).toString("hex");
  writeFileSync(at("tokens"), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  await run(["openssl", "genrsa", "-out", at("service.key"), "2048"]);
  const url = `http://127.0.0.1:${clients}`;
  const started = [
    start("etcd", [
      `--data-dir=${at("etcd")}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=http://127.0.0.1:${peers}`,
      "--log-level=error",
      "--unsafe-no-fsync",
    ]),
    start("kube-apiserver", [
      `--etcd-servers=${url}`,
      `--cert-dir=${at("certificates")}`,
      "--bind-address=127.0.0.1",
      `--secure-port=${port}`,
      `--token-auth-file=${at("tokens")}`,
      "--authorization-mode=RBAC",
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${at("service.key")}`,
      `--service-account-signing-key-file=${at("service.key")}`,
      "--service-cluster-ip-range=10.43.0.0/16",
      "--disable-admission-plugins=ServiceAccount",
    ]),
  ];
  t.teardown(async () => {
    for (const child of started) await end(child);
    rmSync(folder, { recursive: true });
  });
  const kubeconfig = at("kubeconfig");
  writeFileSync(kubeconfig, renderKubeconfig(port, token), { mode: 0o600 });

  function start(name: string, args: string[]): ChildProcess {
    return spawn(programs[name] ?? name, args, { stdio: ["ignore", "ignore", "ignore"] });
  }

  async function kubectl(args: readonly string[], stdin?: string): Promise<string> {
    const { stdout } = await run(
      [programs["kubectl"] ?? "kubectl", `--kubeconfig=${kubeconfig}`, ...args],
      {
        env: { PATH: process.env["PATH"], KUBERC: "off", KUBECACHEDIR: at("cache") },
        ...(stdin === undefined ? {} : { stdin }),
      },
    );
    return stdout;
  }

  for (let tries = 0; tries < 300; tries += 1) {
    if (started.some(({ exitCode }) => exitCode !== null)) throw new Error("the API server ended");
    if (await kubectl(["get", "--raw=/readyz"]).catch(() => undefined)) break;
    await sleep(200);
  }
  return { kubeconfig, kubectl };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

function renderKubeconfig(port: number, token: string): string {
  // Its certificate is one that it has made for itself, and the port is ours.
  const cluster = { server: `https://127.0.0.1:${port}`, "insecure-skip-tls-verify": true };
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    "current-context": "test",
  });
}

async function findPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
