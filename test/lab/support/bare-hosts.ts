import path from "node:path";
import { askHost } from "../../../lab/host.ts";
import { labHosts } from "../../../lab/host-list.ts";
import { buildOperatorEnvironment, enterOperator } from "../../../lab/operator.ts";
import { findPaths } from "../../../lab/paths.ts";
import { run } from "../../../lib/exec/run.ts";

const paths = findPaths();

/** What a command on a host prints; throws its own words when it fails. */
export async function onHost(host: string, command: string): Promise<string> {
  const { code, stdout, stderr } = await askHost(paths, host, command);
  if (code !== 0) throw new Error(`${host}: ${command}: ${stderr}`);
  return stdout.trim();
}

/** Runs a program where the operator is; any code is an answer. */
export async function asOperator(argv: readonly [string, ...string[]], timeoutSeconds = 60) {
  return await run(await enterOperator(paths, argv), {
    env: buildOperatorEnvironment(paths, process.env),
    allowedCodes: Array.from({ length: 256 }, (_, code) => code),
    timeoutSeconds,
  });
}

/** Applies objects by the kubectl of a server. */
export async function apply(host: string, objects: unknown[]): Promise<void> {
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  const text = Buffer.from(list).toString("base64");
  await onHost(host, `echo ${text} | base64 -d | k3s kubectl apply -f -`);
}

/** The TCP ports that the operator finds open, by host. */
export async function scan(): Promise<Record<string, number[]>> {
  const script = path.join(import.meta.dirname, "scan-ports.ts");
  const found = labHosts.map(async ({ name, address }) => {
    const { stdout } = await asOperator([process.execPath, script, address], 500);
    return [name, JSON.parse(stdout) as number[]] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

/** What ssh complains about when a user logs in to a host. */
export async function logIn(user: string, host: string, ...options: string[]): Promise<string> {
  const address = labHosts.find(({ name }) => name === host)?.address ?? "";
  const known = ["-o", `UserKnownHostsFile=${paths.knownHosts}`, "-o", "BatchMode=yes"];
  const { stderr } = await asOperator(["ssh", ...known, ...options, `${user}@${address}`, "true"]);
  return stderr;
}

/** A web server on every host, with two ports of the host itself and a NodePort. */
export function planWeb(image: string): unknown[] {
  return [
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name: "web", namespace: "default" },
      spec: {
        selector: { matchLabels: { app: "web" } },
        template: {
          metadata: { labels: { app: "web" } },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [
              {
                name: "web",
                image,
                imagePullPolicy: "Never",
                command: ["/bin/busybox", "httpd", "-f", "-p", "8000", "-h", "/etc"],
                // What a load balancer of k3s does, on every host.
                ports: [
                  { containerPort: 8000, hostPort: 80 },
                  { containerPort: 8000, hostPort: 5432, name: "other" },
                ],
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "web", namespace: "default" },
      spec: {
        type: "NodePort",
        selector: { app: "web" },
        ports: [{ port: 80, targetPort: 8000, nodePort: 30080 }],
      },
    },
  ];
}
