import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { askGit, gitEnvironment, noGit } from "../support/git.ts";
import { useStandIns, writePrograms } from "../support/secret-programs.ts";

useStandIns();
const { openGitops } = await import("../../lib/commands/open-gitops.ts");
const { createSecretsPlace } = await import("../support/secrets-place.ts");
const programs = writePrograms(path.join(t.testdir({}), "bin"));

const root = (url: string) => `apiVersion: v1
kind: Namespace
metadata:
  name: argocd
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: bootstrap
spec:
  source:
    repoURL: ${url}
    targetRevision: main
    path: kubernetes/bootstrap
`;

/** A site with all its secrets, and a work tree that is pushed to where Argo CD reads. */
async function createPlace(t: Test) {
  const place = await createSecretsPlace(t, programs);
  const { exitCode, stderr } = await place.init();
  if (exitCode !== 0) throw new Error(stderr);
  const tree = path.join(place.folder, "../tree");
  const bare = path.join(place.folder, "../remote.git");
  mkdirSync(path.join(tree, "kubernetes/bootstrap"), { recursive: true });
  mkdirSync(path.join(tree, "config/escrow"), { recursive: true });
  const write = (file: string, text: string) => writeFileSync(path.join(tree, file), text);
  const rendered = path.join(place.folder, "../rendered.yaml");
  const kubectl = path.join(programs, "kubectl");
  /** What kubectl says when it is asked to build the folder. */
  const render = (script: string) => {
    writeFileSync(kubectl, `#!/bin/sh\n${script}\n`);
    chmodSync(kubectl, 0o755);
  };
  write("kubernetes/bootstrap/kustomization.yaml", "resources: []\n");
  write("config/one.yaml", "a: 1\n");
  askGit(tree, "init", "--quiet", "--initial-branch=main");
  askGit(tree, "add", "--all");
  askGit(tree, "commit", "--quiet", "--message=first");
  askGit(tree, "clone", "--quiet", "--bare", tree, bare);
  writeFileSync(rendered, root(bare));
  render(`cat ${rendered}`);
  t.teardown(() => rmSync(kubectl));
  writeFileSync(
    place.path("repositories.yaml"),
    "repositories:\n  - url: https://git.example.org/a.git\n",
  );
  const site = {
    ...place.site,
    bootstrapFolder: path.join(tree, "kubernetes/bootstrap"),
    repositoriesFile: place.path("repositories.yaml"),
  };
  // Without the lab's own programs.
  const env = { ...gitEnvironment, ...place.env, XDG_CACHE_HOME: "/nowhere" };
  const open = () => openGitops(site, env);
  return { place, tree, bare, write, rendered, render, open };
}

t.test("all is there that Argo CD is started from", { skip: noGit }, async (t) => {
  const { open, tree, write } = await createPlace(t);
  const { gitops, check } = open();
  write("config/escrow/server-token.sops.yaml", "kept by the run before\n");
  await check();
  t.strictSame(
    (await gitops.render()).map(({ kind }) => kind),
    ["Namespace", "Application"],
  );
  t.equal(await gitops.readCommit(), askGit(tree, "rev-parse", "HEAD"));
  const [key, repository] = await gitops.readSecrets();
  t.match(key, { metadata: { name: "sops-age", namespace: "argocd" }, data: { "keys.txt": /./ } });
  t.match(repository, { metadata: { labels: { "argocd.argoproj.io/secret-type": "repository" } } });
});

const mistakes: {
  name: string;
  code: string;
  spoil(place: Awaited<ReturnType<typeof createPlace>>): void;
}[] = [
  {
    name: "nobody has said where the repository is",
    code: "GITOPS_REPOSITORY_UNSET",
    spoil: ({ rendered }) =>
      writeFileSync(rendered, root("https://github.com/OWNER/infra-k3s.git")),
  },
  {
    name: "the root is not there",
    code: "GITOPS_ROOT_MISSING",
    spoil: ({ rendered }) =>
      writeFileSync(rendered, "kind: Namespace\nmetadata: { name: argocd }\n"),
  },
  {
    name: "upstream cannot be reached",
    code: "GITOPS_UPSTREAM_UNREACHABLE",
    spoil: ({ render }) => render("echo 'Get \"https://x\": dial tcp: i/o timeout' >&2; exit 1"),
  },
  {
    name: "the folder cannot be built",
    code: "GITOPS_BUILD_FAILED",
    spoil: ({ render }) => render("echo 'no resource matches patch' >&2; exit 1"),
  },
  {
    name: "the repository cannot be reached",
    code: "GIT_REMOTE_UNREACHABLE",
    spoil: ({ bare }) => rmSync(bare, { recursive: true }),
  },
  {
    name: "something is not committed",
    code: "GITOPS_NOT_COMMITTED",
    spoil: ({ write }) => write("config/one.yaml", "a: 2\n"),
  },
  {
    name: "something is not pushed",
    code: "GITOPS_NOT_PUSHED",
    spoil({ write, tree }) {
      write("config/one.yaml", "a: 2\n");
      askGit(tree, "commit", "--quiet", "--all", "--message=second");
    },
  },
  {
    name: "the cluster has no age key",
    code: "SECRETS_CLUSTER_KEY_MISSING",
    spoil: ({ place }) => rmSync(place.path("kubernetes/bootstrap/argocd/age-key.sops.yaml")),
  },
  {
    name: "the operator has no age key",
    code: "SECRETS_KEY_MISSING",
    spoil: ({ place }) => rmSync(place.site.ageKeyFile),
  },
  {
    name: "a repository names a credential that nobody has",
    code: "ARGOCD_CREDENTIAL_MISSING",
    spoil: ({ place }) =>
      writeFileSync(
        place.path("repositories.yaml"),
        "repositories:\n  - { url: https://git.example.org/a.git, credential: one }\n",
      ),
  },
];

for (const { name, code, spoil } of mistakes) {
  t.test(`found before anything is changed: ${name}`, { skip: noGit }, async (t) => {
    const place = await createPlace(t);
    spoil(place);
    const refused = place.open().check();
    await t.rejects(refused, { code, exitCode: 2 });
    await refused.catch((error: { fix?: string }) => t.type(error.fix, "string"));
  });
}
