import path from "node:path";
import t from "tap";
import { renderRepositorySecrets } from "../../lib/argocd/render-repository-secrets.ts";
import { loadRepositories } from "../../lib/argocd/repositories.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { checkFixtures } from "../support/check-fixtures.ts";

await checkFixtures(t, "argocd-repositories", ({ file }) => loadRepositories(file));

const folder = "test/fixtures/valid/argocd-repositories";
const all = await loadRepositories(path.join(repositoryRoot, folder, "all-forms.yaml"));
const credentials = {
  "git.password": "hunter22",
  "deploy-key.sshPrivateKey": "-----BEGIN…",
};

t.test("the repository's own list has this repository, without a credential", async (t) => {
  const file = path.join(repositoryRoot, "config/argocd/repositories.yaml");
  t.match(await loadRepositories(file), [
    { type: "git", project: undefined, credential: undefined },
  ]);
});

t.test(
  "each repository is a Secret as Argo CD finds it, with what its address needs",
  async (t) => {
    const secrets = renderRepositorySecrets(all, credentials);
    t.strictSame(secrets[1], {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "repository-infra-k3s-23cda8fa",
        namespace: "argocd",
        labels: { "argocd.argoproj.io/secret-type": "repository" },
      },
      stringData: {
        type: "git",
        url: "https://github.com/OWNER/infra-k3s.git",
        project: "apps",
        username: "me",
        password: "hunter22",
      },
    });
    const open = { type: "git", project: "infrastructure", url: all[0]?.url };
    t.strictSame(secrets[0]?.stringData, open, "no empty credential");
    t.strictSame(Object.keys(secrets[5]?.stringData ?? {}).at(-1), "sshPrivateKey");
    const names = secrets.map(({ metadata }) => metadata.name);
    t.equal(new Set(names).size, all.length, "names are their own");
    for (const name of names) t.match(name, /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
    t.strictSame(renderRepositorySecrets(all, credentials), secrets, "and stay the same");
  },
);

t.test("a credential that is named has to be there, whole", async (t) => {
  const [, withPassword] = all;
  if (withPassword === undefined) throw new Error("the fixture has it");
  const render = (values: Record<string, string>) => () =>
    renderRepositorySecrets([withPassword], values);
  t.throws(render({}), {
    code: "ARGOCD_CREDENTIAL_MISSING",
    where: { line: 4 },
    fix: /init-secrets/,
  });
  t.throws(render({ "github.password": "hunter22" }), { code: "ARGOCD_CREDENTIAL_MISSING" });
  t.throws(render({ "git.password": "" }), {
    code: "ARGOCD_CREDENTIAL_INCOMPLETE",
    why: /no "git\.password"$/,
    fix: /sops edit/,
  });
  t.throws(render({ "git.sshPrivateKey": "-----BEGIN…" }), {
    code: "ARGOCD_CREDENTIAL_INCOMPLETE",
    why: /no "git\.password"$/,
  });
  t.throws(() => renderRepositorySecrets(all, {}), {
    code: "CONFIG_INVALID",
    message: /3 mistakes/,
  });
});
