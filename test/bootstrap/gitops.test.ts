import t from "tap";
import { type ApplicationWish, awaitApplications } from "../../lib/bootstrap/await-applications.ts";
import { installArgoCd, sortIntoStages } from "../../lib/bootstrap/install-argocd.ts";
import type { Gitops } from "../../lib/bootstrap/world.ts";
import { InfraError } from "../../lib/errors.ts";
import type { Application, KubeObject } from "../../lib/objects.ts";
import type { Cluster } from "../../lib/world.ts";
import { execute } from "../support/memory/execute.ts";

const commit = "c".repeat(40);

function makeObject(kind: string, name: string): KubeObject {
  return { apiVersion: "v1", kind, metadata: { name } };
}

function makeApplication(name: string, status: Application["status"]): Application {
  return {
    ...makeObject("Application", name),
    kind: "Application",
    spec: {},
    ...(status === undefined ? {} : { status }),
  };
}

const well = (revision = commit): Application["status"] => ({
  sync: { status: "Synced", revision },
  health: { status: "Healthy" },
});

const objects = [
  makeObject("Application", "bootstrap"),
  makeObject("Deployment", "argocd-repo-server"),
  makeObject("CustomResourceDefinition", "applications.argoproj.io"),
  makeObject("Namespace", "argocd"),
];

function makeGitops(log: string[], commits: string[] = [commit]): Gitops {
  return {
    render: async () => objects,
    readSecrets: async () => [{ ...makeObject("Secret", "sops-age"), kind: "Secret" }],
    async apply(some) {
      log.push(some.map(({ kind }) => kind).join(", "));
    },
    async applySecrets(some) {
      log.push(`own: ${some.map(({ metadata }) => metadata.name).join(", ")}`);
    },
    readCommit: async () => (commits.length > 1 ? (commits.shift() ?? "") : (commits[0] ?? "")),
  };
}

/** Waits, with what the cluster says of its Applications, one answer after the other. */
async function wait(
  answers: (readonly Application[])[],
  commits?: string[],
  wish?: ApplicationWish,
) {
  const patched: string[] = [];
  const cluster = {
    list: async () => (answers.length > 1 ? answers.shift() : answers[0]),
    async patch({ name }: { name: string }, patch: object) {
      patched.push(`${name} ${JSON.stringify(patch)}`);
    },
  } as unknown as Cluster;
  const { outcome } = await execute((_log, clock) => [
    awaitApplications(
      { clock, openCluster: async () => cluster, gitops: makeGitops([], commits) },
      [],
      wish,
    ),
  ]);
  return { outcome, patched };
}

t.test("kinds and namespaces come first, Applications last", async (t) => {
  t.strictSame(
    sortIntoStages(objects).map((stage) => stage.map(({ kind }) => kind)),
    [["CustomResourceDefinition", "Namespace"], ["Deployment"], ["Application"]],
  );
});

t.test("the secrets are there before Argo CD, and are not its own", async (t) => {
  const log: string[] = [];
  const { outcome } = await execute(() => [installArgoCd(makeGitops(log), [])]);
  t.equal(outcome.exitCode, 0);
  t.strictSame(log, [
    "CustomResourceDefinition, Namespace",
    "own: sops-age",
    "Deployment",
    "Application",
  ]);
  t.match(outcome.results[0]?.facts, { objects: 4, secrets: 1 });
});

t.test("it waits until every Application has the commit, and works", async (t) => {
  const { outcome, patched } = await wait([
    [],
    [makeApplication("bootstrap", undefined)],
    [makeApplication("bootstrap", well()), makeApplication("velero", well("o".repeat(40)))],
    [makeApplication("bootstrap", well()), makeApplication("velero", well())],
  ]);
  t.equal(outcome.exitCode, 0);
  t.match(outcome.results[0]?.facts, { commit, applications: 2 });
  const look = (name: string) =>
    `${name} {"metadata":{"annotations":{"argocd.argoproj.io/refresh":"normal"}}}`;
  t.strictSame(patched, [look("bootstrap"), look("velero")], "Argo CD is asked to look, not often");
});

t.test("without the root it is not done", async (t) => {
  const { outcome } = await wait([
    [makeApplication("velero", well())],
    [makeApplication("velero", well()), makeApplication("bootstrap", well())],
  ]);
  t.match(outcome.results[0]?.facts, { applications: 2 });
});

t.test("somebody pushes meanwhile", async (t) => {
  const next = "d".repeat(40);
  const { outcome } = await wait([[makeApplication("bootstrap", well(next))]], [commit, next]);
  t.equal(outcome.exitCode, 0);
  t.match(outcome.results[0]?.facts, { commit: next });
});

t.test("what time does not heal ends it after a minute", async (t) => {
  const message = "app path does not exist";
  const conditions = [{ type: "ComparisonError", message }];
  const { outcome } = await wait([
    [makeApplication("bootstrap", { sync: { status: "Unknown" }, conditions })],
  ]);
  t.equal(outcome.exitCode, 4);
  t.match(outcome.failure?.error, { code: "ARGOCD_PATH_MISSING", why: message });
});

t.test("what heals in time ends well", async (t) => {
  const conditions = [{ type: "ComparisonError", message: "app path does not exist" }];
  const ill = [makeApplication("bootstrap", { sync: { status: "Unknown" }, conditions })];
  const { outcome } = await wait([ill, ill, ill, [makeApplication("bootstrap", well())]]);
  t.equal(outcome.exitCode, 0);
});

t.test("what only takes too long says what is open", async (t) => {
  const { outcome } = await wait([
    [
      makeApplication("bootstrap", well()),
      makeApplication("velero", { sync: { status: "Synced" }, health: { status: "Progressing" } }),
    ],
  ]);
  t.match(outcome.failure?.error, {
    code: "ARGOCD_APPLICATIONS_LATE",
    why: "velero: Synced, Progressing",
  });
});

t.test(
  "Git that does not answer for a moment, and an Application that goes, end nothing",
  async (t) => {
    const late = makeApplication("velero", { sync: { status: "OutOfSync", revision: commit } });
    const root = makeApplication("bootstrap", well());
    const answers = [...Array.from({ length: 12 }, () => [root, late]), [root]];
    let asked = 0;
    const cluster = {
      list: async () => (answers.length > 1 ? answers.shift() : answers[0]),
      patch: async () =>
        Promise.reject(new InfraError({ code: "CLUSTER_NOT_FOUND", message: "gone" })),
    } as unknown as Cluster;
    const gitops: Gitops = {
      ...makeGitops([]),
      async readCommit() {
        asked += 1;
        if (asked === 1) return commit;
        throw new InfraError({ code: "GIT_REMOTE_UNREACHABLE", message: "no answer" });
      },
    };
    const { outcome } = await execute((_log, clock) => [
      awaitApplications({ clock, openCluster: async () => cluster, gitops }, []),
    ]);
    t.equal(outcome.exitCode, 0);
    t.equal(asked, 2);
  },
);

t.test("before data is back, what makes Applications has to have made them", async (t) => {
  const root = makeApplication("bootstrap", {
    sync: { status: "OutOfSync", revision: commit },
    health: { status: "Progressing" },
    resources: [
      { kind: "Application", name: "bootstrap", status: "OutOfSync" },
      { kind: "Application", name: "shop", status: "OutOfSync" },
    ],
  });
  const shop = (status: "Synced" | "OutOfSync") =>
    makeApplication("shop", {
      sync: { status, revision: commit },
      health: { status: "Degraded" },
    });
  const answers = [[root], [root, shop("OutOfSync")], [root, shop("Synced")]];
  const { outcome, patched } = await wait([...answers], undefined, "synced");
  t.equal(outcome.exitCode, 0, "nothing need be Healthy");
  t.ok(
    patched.some((one) => one.startsWith("bootstrap ")),
    "Argo CD is asked to look",
  );
  for (const answer of answers.slice(0, 2)) {
    const late = await wait([answer], undefined, "synced");
    t.equal(late.outcome.exitCode, 4);
  }
});

t.test("an Application of another repository has commits of its own", async (t) => {
  const source = { repoURL: "https://github.com/one/infra-k3s.git", targetRevision: "main" };
  const root = { ...makeApplication("bootstrap", well()), spec: { source } };
  const own = { ...makeApplication("shop", well("a".repeat(40))), spec: { source } };
  const chart = {
    ...makeApplication("chart", well("1.2.3")),
    spec: { source: { repoURL: "https://charts.example.org", targetRevision: "1.2.3" } },
  };
  t.equal((await wait([[root, chart]])).outcome.exitCode, 0);
  t.equal((await wait([[root, chart, own]])).outcome.exitCode, 4, "one of this repository is late");
});
