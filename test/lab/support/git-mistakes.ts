import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Test } from "tap";
import { stringify } from "yaml";
import { editPublished, revertLast } from "../../../lab/gitops/repository.ts";
import type { Cluster } from "../../../lab/kubectl.ts";
import { buildOperatorEnvironment } from "../../../lab/operator.ts";
import type { LabPaths } from "../../../lab/paths.ts";
import { isWell } from "../../../lib/argocd/describe-application.ts";
import { explainTrouble } from "../../../lib/argocd/explain-trouble.ts";
import { argoNamespace, refreshAnnotation } from "../../../lib/argocd/names.ts";
import { repositoryRoot } from "../../../lib/config/paths.ts";
import { run } from "../../../lib/exec/run.ts";
import type { Application, KubeObject } from "../../../lib/objects.ts";

interface Place {
  paths: LabPaths;
  cluster: Cluster;
  signal: AbortSignal;
}

/** A commit that Argo CD cannot make the cluster of. */
interface Mistake {
  name: string;
  /** What a person is told. */
  code: string;
  /** The Application that has the trouble. */
  application: string;
  edits(place: Place): Promise<ReadonlyMap<string, string>>;
}

const inArgo = `--namespace=${argoNamespace}`;
const appsFile = "lab/gitops/apps/kustomization.yaml";

/** An Application of the lab like the shop's, with something wrong. */
function buildApplication(name: string, folder: string, namespace: string): string {
  return stringify({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Application",
    metadata: { name, namespace: argoNamespace },
    spec: {
      project: "apps",
      source: {
        repoURL: "https://github.com/OWNER/infra-k3s.git",
        targetRevision: "main",
        path: folder,
      },
      destination: { server: "https://kubernetes.default.svc", namespace },
      syncPolicy: { automated: {} },
    },
  });
}

function addApplication(name: string, text: string): [string, string][] {
  const list = readFileSync(path.join(repositoryRoot, appsFile), "utf8");
  return [
    [appsFile, list.replace("  - shop.yaml\n", `  - shop.yaml\n  - ${name}.yaml\n`)],
    [`lab/gitops/apps/${name}.yaml`, text],
  ];
}

const mistakes: readonly Mistake[] = [
  {
    name: "an Application that points outside its project",
    code: "ARGOCD_OUTSIDE_PROJECT",
    application: "outside",
    edits: async () =>
      new Map(addApplication("outside", buildApplication("outside", "lab/apps", "velero"))),
  },
  {
    name: "an Application whose folder is not there",
    code: "ARGOCD_PATH_MISSING",
    application: "nowhere",
    edits: async () =>
      new Map(addApplication("nowhere", buildApplication("nowhere", "lab/nowhere", "shop"))),
  },
  {
    name: "an object that is too large for a client-side apply",
    code: "ARGOCD_TOO_LARGE",
    application: "large",
    async edits() {
      const large = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "large", namespace: "shop" },
        data: { text: "x".repeat(300_000) },
      };
      return new Map([
        ...addApplication("large", buildApplication("large", "lab/large", "shop")),
        ["lab/large/large.yaml", stringify(large)],
      ]);
    },
  },
  {
    name: "a secret that is not encrypted for the cluster's key",
    code: "ARGOCD_SECRET_UNREADABLE",
    application: "shop",
    edits: async ({ paths }) =>
      new Map([["lab/gitops/shop/postgres.sops.yaml", await encryptForNobody(paths)]]),
  },
];

/** Sees that the words of the real Argo CD about each mistake are understood, and the fix is told. */
export async function testGitMistakes(t: Test, place: Place): Promise<void> {
  for (const { name, code, application, edits } of mistakes) {
    await t.test(name, async (t) => {
      await editPublished(place.paths, await edits(place));
      const told = await waitForTrouble(place, application, code);
      t.equal(told?.code, code, told?.why ?? "nothing was told");
      t.ok(told?.fix);
      await revertLast(place.paths);
      await waitForWell(place);
    });
  }
  await t.test("a credential that the repository does not take any more", async (t) => {
    const secret = await findCredential(place);
    const password = Buffer.from("of yesterday").toString("base64");
    await replaceData(place, secret, { ...secret.data, password });
    const told = await waitForTrouble(place, "shop", "ARGOCD_REPOSITORY_DENIED");
    t.equal(told?.code, "ARGOCD_REPOSITORY_DENIED", told?.why ?? "nothing was told");
    await replaceData(place, secret, secret.data);
    await waitForWell(place);
  });
}

type Secret = KubeObject & { data: Record<string, string> };

/** What Argo CD reads the repository with. */
async function findCredential({ cluster }: Place): Promise<Secret> {
  const type = "argocd.argoproj.io/secret-type=repository";
  const { items } = await cluster.get<{ items: Secret[] }>("secrets", inArgo, `--selector=${type}`);
  const [secret] = items;
  if (secret === undefined) throw new Error("Argo CD has no repository");
  return secret;
}

async function replaceData({ cluster }: Place, secret: Secret, data: object): Promise<void> {
  const { resourceVersion: _, ...metadata } = secret.metadata;
  const stdin = JSON.stringify({ ...secret, metadata, data });
  await cluster.kubectl(["replace", inArgo, "--filename=-"], { stdin });
}

/** A Secret that only a key can read that nobody has. */
async function encryptForNobody(paths: LabPaths): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "infra-k3s-test-"));
  const env = buildOperatorEnvironment(paths, process.env);
  try {
    const key = path.join(folder, "key.txt");
    const file = path.join(folder, "secret.yaml");
    await run(["age-keygen", "-o", key], { env });
    const { stdout: recipient } = await run(["age-keygen", "-y", key], { env });
    await writeFile(
      file,
      stringify({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "postgres", namespace: "shop" },
        stringData: { password: "nobody reads it" },
      }),
    );
    const only = ["--age", recipient.trim(), "--encrypted-regex", "^(data|stringData)$"];
    return (await run(["sops", "encrypt", ...only, file], { env, cwd: folder })).stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function waitForTrouble(
  place: Place,
  name: string,
  code: string,
): Promise<ReturnType<typeof explainTrouble>> {
  const { kubectl } = place.cluster;
  const deadline = performance.now() + 120_000;
  for (;;) {
    await look(place, ["apps", name]);
    const found = await kubectl([
      "get",
      "--output=json",
      "--ignore-not-found",
      inArgo,
      `application/${name}`,
    ]);
    const told =
      found.stdout === "" ? undefined : explainTrouble(JSON.parse(found.stdout) as Application);
    if (told?.code === code || performance.now() > deadline) return told;
    await sleep(2000, undefined, { signal: place.signal });
  }
}

async function waitForWell(place: Place): Promise<void> {
  const deadline = performance.now() + 120_000;
  for (;;) {
    const { items } = await place.cluster.get<{ items: Application[] }>("applications", inArgo);
    if (items.every(isWell)) return;
    if (performance.now() > deadline) {
      const unwell = items.filter((one) => !isWell(one)).map(({ metadata }) => metadata.name);
      throw new Error(`not well again: ${unwell.join(", ")}`);
    }
    await look(place, ["apps", "shop"]);
    await sleep(2000, undefined, { signal: place.signal });
  }
}

/** Lets Argo CD ask Git again, past what it remembers. */
async function look({ cluster }: Place, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await cluster.kubectl(
      ["annotate", `application/${name}`, inArgo, `${refreshAnnotation}=hard`, "--overwrite"],
      // It may not be there yet, or not any more.
      { allowedCodes: [0, 1] },
    );
  }
}
