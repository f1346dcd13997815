import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { type FakeKubeApi, renderKubeconfig, startFakeKubeApi } from "../support/fake-kube-api.ts";
import { askGit, noGit } from "../support/git.ts";
import { useStandIns, writePrograms } from "../support/secret-programs.ts";

useStandIns();
const { createSecretsPlace, edit, readTree } = await import("../support/secrets-place.ts");
const { readCluster } = await import("../support/rotation-scenarios.ts");
const { readClusterIdentities } = await import("../../lib/secrets/cluster-key.ts");
const programs = writePrograms(path.join(t.testdir({}), "bin"));

const rotation = ["--what", "cluster-key", "--confirm", "test"];
const applications = ["bootstrap", "velero"];

/** Notes what it is told, and builds the one folder that there is. */
const kubectl = `#!/bin/sh
here=$(dirname "$0")
case "$*" in
  kustomize*) cat "$here/rendered.yaml"; exit ;;
esac
echo "$@" >>"$here/log"
case "$*" in *' apply '*) cat >>"$here/applied" ;; esac
[ ! -f "$here/refuses" ] || { cat "$here/refuses" >&2; exit 1; }
`;

/**
 * A site in a work tree, which is what Argo CD reads, with a new key for its cluster that was made and
 * pushed; the cluster is a stand-in on loopback, and so is kubectl.
 */
async function createPlace(t: Test) {
  const fake = await startFakeKubeApi();
  t.teardown(() => fake.close());
  const place = await createSecretsPlace(t, programs);
  const { cluster } = fake;
  fake.installed.add("Application");
  await cluster.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "kube-system" } });
  const { uid } = cluster.peek({ kind: "Namespace", name: "kube-system" })?.metadata ?? {};
  edit(place.path("site.yaml"), /$/, `bootstrap: kubernetes/bootstrap\nclusterUid: ${uid}\n`);
  edit(place.path("site.yaml"), /$/, "repositories: repositories.yaml\n");
  const write = (file: string, text: string) => writeFileSync(place.path(file), text);
  write("kubeconfig", renderKubeconfig({ server: fake.url }));
  write("repositories.yaml", "repositories:\n  - url: https://git.example.org/a.git\n");
  write(".gitignore", "private/\nkubeconfig\n");
  mkdirSync(place.path("kubernetes/bootstrap"), { recursive: true });
  mkdirSync(place.path("config"));
  write("kubernetes/bootstrap/kustomization.yaml", "resources: []\n");
  const made = await place.init();
  if (made.exitCode !== 0) throw new Error(made.stderr);
  const bare = path.join(place.folder, "../remote.git");
  askGit(place.folder, "init", "--quiet", "--initial-branch=main");
  askGit(place.folder, "clone", "--quiet", "--bare", place.folder, bare);
  askGit(place.folder, "remote", "add", "origin", bare);
  const at = (file: string) => path.join(programs, file);
  writeFileSync(at("kubectl"), kubectl);
  chmodSync(at("kubectl"), 0o755);
  writeFileSync(at("rendered.yaml"), renderRoot(bare));
  for (const file of ["log", "applied"]) writeFileSync(at(file), "");
  t.teardown(() => {
    for (const file of ["kubectl", "rendered.yaml", "log", "applied", "refuses"]) {
      rmSync(at(file), { force: true });
    }
  });

  /** Commits and pushes all that is there, and lets Argo CD read it. */
  const push = async () => {
    askGit(place.folder, "add", "--all");
    askGit(place.folder, "commit", "--quiet", "--allow-empty", "--message=next");
    askGit(place.folder, "push", "--quiet", "origin", "main");
    for (const name of applications) await setRevision(fake, name, readHead());
  };
  const readHead = () => askGit(place.folder, "rev-parse", "HEAD");
  const old = readCluster(place);
  const first = await place.rotate(rotation);
  if (first.exitCode !== 0) throw new Error(first.stderr);
  await push();
  return {
    ...place,
    fake,
    old,
    write,
    push,
    refuse: (says: string) => writeFileSync(at("refuses"), says),
    readLog: () => readFileSync(at("log"), "utf8").trim().split("\n"),
    readApplied: () => readFileSync(at("applied"), "utf8"),
  };
}

type Place = Awaited<ReturnType<typeof createPlace>>;

const renderRoot = (url: string) => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: bootstrap }
spec: { source: { repoURL: ${url}, targetRevision: main, path: kubernetes/bootstrap } }
`;

async function setRevision({ cluster }: FakeKubeApi, name: string, revision: string) {
  const ref = { kind: "Application", name, namespace: "argocd" } as const;
  const status = { sync: { status: "Synced", revision } };
  if (cluster.peek(ref) === undefined) {
    const metadata = { name, namespace: "argocd" };
    await cluster.create({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "Application",
      metadata,
      spec: {},
    } as never);
  }
  await cluster.patch(ref, { status });
}

t.test("the second run gives the cluster the new key, and takes the old one away", async (t) => {
  if (noGit !== false) return t.pass(noGit);
  const place = await createPlace(t);
  const [newer] = await readClusterIdentities(place);
  const planned = await place.rotate([...rotation, "--dry-run"]);
  t.equal(planned.exitCode, 0, planned.stderr);
  t.match(planned.stdout, /the second run\nNow:\n {2}- the cluster gets the new key alone/);
  t.strictSame(place.readLog(), [""], "a dry run asks the cluster to change nothing");
  const { exitCode, stdout, stderr } = await place.rotate(rotation);
  t.equal(exitCode, 0, stderr);
  t.match(stdout, /no file is for the old one any more/);
  t.notMatch(stdout + stderr, /AGE-SECRET-KEY/);
  const [apply, restart, status] = place.readLog();
  t.match(apply, /apply --server-side .*--field-manager=infra-k3s/);
  const inArgo = "--namespace=argocd deployment/argocd-repo-server";
  t.match(restart, `rollout restart --field-manager=infra-k3s ${inArgo}`);
  t.match(status, `rollout status --timeout=180s ${inArgo}`);
  const { items } = JSON.parse(place.readApplied()) as { items: { data: object }[] };
  const key = Buffer.from(newer?.text ?? "").toString("base64");
  t.match(items, [{ metadata: { name: "sops-age" }, data: { "keys.txt": key } }]);
  t.equal(items.length, 1);
  t.notOk(
    Object.values(readTree(place.path("kubernetes"))).some((text) => text.includes(place.old)),
  );
  t.notMatch(place.read(".sops.yaml"), place.old);
});

t.test("a cluster that has the new key is left alone", async (t) => {
  if (noGit !== false) return t.pass(noGit);
  const place = await createPlace(t);
  const [newer] = await readClusterIdentities(place);
  await place.fake.cluster.create({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "sops-age", namespace: "argocd" },
    data: { "keys.txt": Buffer.from(newer?.text ?? "").toString("base64") },
  });
  // As after an interruption of the second run: what is here is not committed.
  place.write("config/half.yaml", "a: 1\n");
  const { exitCode, stderr } = await place.rotate(rotation);
  t.equal(exitCode, 0, stderr);
  t.strictSame(place.readLog(), [""]);
  t.notMatch(place.read(".sops.yaml"), place.old);
});

const mistakes: {
  name: string;
  code: string;
  exitCode?: number;
  says?: RegExp;
  spoil(place: Place): void | Promise<void>;
}[] = [
  {
    name: "what the first run has changed is not committed",
    code: "GITOPS_NOT_COMMITTED",
    spoil: ({ write }) => write("config/one.yaml", "a: 1\n"),
  },
  {
    name: "it is not pushed",
    code: "GITOPS_NOT_PUSHED",
    spoil({ folder, write }) {
      write("config/one.yaml", "a: 1\n");
      askGit(folder, "add", "--all");
      askGit(folder, "commit", "--quiet", "--message=mine");
    },
  },
  {
    name: "an Application has not read it yet",
    code: "SECRETS_ARGOCD_BEHIND",
    exitCode: 3,
    says: /velero is at 000000000000/,
    spoil: async ({ fake }) => await setRevision(fake, "velero", "0".repeat(40)),
  },
  {
    name: "there is no Argo CD",
    code: "SECRETS_ARGOCD_BEHIND",
    exitCode: 3,
    says: /init-cluster/,
    spoil: async ({ fake: { cluster } }) => {
      for (const name of applications) {
        const ref = { kind: "Application", name, namespace: "argocd" } as const;
        await cluster.delete(ref, { uid: cluster.peek(ref)?.metadata.uid ?? "" });
      }
    },
  },
  {
    name: "another cluster than the site's",
    code: "SITE_WRONG_CLUSTER",
    spoil: ({ path }) =>
      edit(
        path("site.yaml"),
        /clusterUid: \S+/,
        "clusterUid: 11111111-0000-4000-8000-000000000001",
      ),
  },
  {
    name: "an encrypted file in what Argo CD reads, and not in the rules, that only the old key opens",
    code: "SECRETS_CLUSTER_CANNOT_READ",
    says: /overlay\/a\.sops\.yaml/,
    async spoil(place) {
      mkdirSync(place.path("overlay"));
      const text = place.read("kubernetes/infrastructure/velero/cloud-credentials.sops.yaml");
      const newer = readCluster(place);
      const lines = new RegExp(`^ *- recipient: ${newer}\n.*\n`, "m");
      place.write("overlay/a.sops.yaml", text.replace(lines, ""));
      await place.push();
    },
  },
];

t.test("is refused with nothing changed", async (t) => {
  if (noGit !== false) return t.pass(noGit);
  for (const { name, code, exitCode = 2, says, spoil } of mistakes) {
    const place = await createPlace(t);
    await spoil(place);
    const before = readTree(place.path("kubernetes"));
    const refused = await place.rotate(rotation);
    t.match([refused.exitCode, refused.stderr], [exitCode, new RegExp(code)], name);
    if (says !== undefined) t.match(refused.stderr, says, name);
    t.strictSame(place.readLog(), [""], name);
    t.strictSame(readTree(place.path("kubernetes")), before, name);
  }
});

t.test("a cluster that does not take the key: everything is as after the first run", async (t) => {
  if (noGit !== false) return t.pass(noGit);
  const place = await createPlace(t);
  const before = readTree(place.path("kubernetes"));
  place.refuse('Error from server (Forbidden): secrets "sops-age" is forbidden\n');
  const { exitCode, stderr } = await place.rotate(rotation);
  t.match([exitCode, stderr], [4, /KUBECTL_REFUSED/]);
  t.strictSame(readTree(place.path("kubernetes")), before);
});
