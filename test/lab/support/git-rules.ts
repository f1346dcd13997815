import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Test } from "tap";
import type { Cluster } from "../../../lab/kubectl.ts";
import { editPublished, revertLast } from "../../../lab/gitops/repository.ts";
import type { LabPaths } from "../../../lab/paths.ts";
import { isWell, listComplaints } from "../../../lib/argocd/describe-application.ts";
import { argoNamespace, refreshAnnotation } from "../../../lib/argocd/names.ts";
import { repositoryRoot } from "../../../lib/config/paths.ts";
import type { Application } from "../../../lib/objects.ts";

interface Place {
  paths: LabPaths;
  cluster: Cluster;
  signal: AbortSignal;
}

const inArgo = `--namespace=${argoNamespace}`;

/** A Deployment whose image nobody has; it gives up at once. */
const broken = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: broken
  namespace: shop
spec:
  progressDeadlineSeconds: 5
  selector:
    matchLabels: { app.kubernetes.io/name: broken }
  template:
    metadata:
      labels: { app.kubernetes.io/name: broken }
    spec:
      containers:
        - name: broken
          image: docker.io/infra-k3s-lab/nobody-has-it:1
`;

/** Sees on the real cluster that Git rules it, and that nobody reads its secrets on the way. */
export async function testGitRules(t: Test, place: Place): Promise<void> {
  const { cluster, paths } = place;
  const { kubectl, get } = cluster;

  await t.test("a drift is healed", async (t) => {
    const read = async () =>
      (await get<{ spec: { schedule: string } }>("schedule.velero.io/daily", "--namespace=velero"))
        .spec.schedule;
    const wanted = await read();
    const patch = ["--type=merge", '--patch={"spec":{"schedule":"1 1 1 1 *"}}'];
    await kubectl(["patch", "schedule.velero.io/daily", "--namespace=velero", ...patch]);
    await until(place, async () => (await read()) === wanted);
    t.pass();
  });

  await t.test("a commit that does not work is seen, and taken back by its revert", async (t) => {
    const list = readFileSync(path.join(repositoryRoot, "lab/apps/kustomization.yaml"), "utf8");
    await editPublished(
      paths,
      new Map([
        ["lab/apps/kustomization.yaml", `${list}  - broken.yaml\n`],
        ["lab/apps/broken.yaml", broken],
      ]),
    );
    await until(place, async () => (await readShop(place)).status?.health?.status === "Degraded");
    t.match(listComplaints(await readShop(place)).join("\n"), /Deployment broken is Degraded/);
    await revertLast(paths);
    await until(place, async () => isWell(await readShop(place)) && !(await hasBroken(cluster)));
    t.pass();
  });

  await t.test("a commit that cannot be built changes nothing, and is told", async (t) => {
    await editPublished(
      paths,
      new Map([["lab/apps/kustomization.yaml", "resources: [nowhere]\n"]]),
    );
    await until(place, async () => (await readShop(place)).status?.sync?.status === "Unknown");
    t.match(listComplaints(await readShop(place)).join("\n"), /nowhere/);
    t.equal((await readShop(place)).status?.health?.status, "Healthy", "what runs goes on");
    await revertLast(paths);
    await until(place, async () => isWell(await readShop(place)));
  });

  await t.test("a secret arrives in clear, and is told nowhere", async (t) => {
    const secret = await get<{ data: { password: string } }>("secret/postgres", "--namespace=shop");
    const password = Buffer.from(secret.data.password, "base64").toString();
    t.ok(password.length > 20);
    const places = {
      Git: readFileSync(path.join(paths.clone, "lab/gitops/shop/postgres.sops.yaml"), "utf8"),
      Applications: (await kubectl(["get", "applications", inArgo, "--output=yaml"])).stdout,
      events: (await kubectl(["get", "events", "--all-namespaces", "--output=yaml"])).stdout,
      logs: await readLogs(cluster),
    };
    for (const [name, text] of Object.entries(places)) {
      t.ok(text.length > 100, name);
      t.notOk(text.includes(password) || text.includes(secret.data.password), name);
    }
  });
}

async function readShop({ cluster }: Place): Promise<Application> {
  return await cluster.get<Application>("application/shop", inArgo);
}

async function hasBroken({ kubectl }: Cluster): Promise<boolean> {
  const found = ["deployment/broken", "--namespace=shop", "--ignore-not-found", "--output=name"];
  return (await kubectl(["get", ...found])).stdout !== "";
}

/** What Argo CD's own programs have printed. */
async function readLogs({ kubectl, get }: Cluster): Promise<string> {
  const { items } = await get<{ items: { metadata: { name: string } }[] }>("pods", inArgo);
  const logs = items.map(async ({ metadata }) => {
    const { stdout } = await kubectl(["logs", inArgo, metadata.name, "--all-containers"]);
    return stdout;
  });
  return (await Promise.all(logs)).join("");
}

/** Waits for something that Argo CD is to do, and lets it look at Git again and again meanwhile. */
async function until(place: Place, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 180_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) {
      const { stdout } = await place.cluster.kubectl(["get", "applications", inArgo]);
      throw new Error(`Argo CD did not do it in time:\n${stdout}`);
    }
    const look = ["application/shop", inArgo, `${refreshAnnotation}=normal`, "--overwrite"];
    await place.cluster.kubectl(["annotate", ...look]);
    await sleep(2000, undefined, { signal: place.signal });
  }
}
