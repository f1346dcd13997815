import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { checkClusterIdentity, loadSite, recordClusterUid } from "../../lib/config/site.ts";
import { checkFixtures } from "../support/check-fixtures.ts";

const uid = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0";

await checkFixtures(t, "site", ({ text }, t) =>
  loadSite({ site: t.testdir({ "site.yaml": text }), env: {} }),
);

t.test("the work tree is the default site, and needs no site.yaml", async (t) => {
  const root = t.testdir({});
  const site = await loadSite({ env: {}, root });
  t.strictSame(site, {
    name: path.basename(root),
    folder: root,
    file: path.join(root, "site.yaml"),
    clusterName: path.basename(root),
    kubeSystemUid: undefined,
    inventoryFolder: path.join(root, "ansible/inventory"),
    kubeconfigFile: path.join(root, "kubeconfig"),
    runsFolder: path.join(root, "runs"),
    powerEndpoints: {},
    sshKnownHostsFile: undefined,
    ageKeyFile: path.join(homedir(), ".config/sops/age/keys.txt"),
    recoveryKeyFile: path.join(homedir(), ".config/sops/age/recovery-key.txt"),
    vaultPasswordFile: path.join(homedir(), ".ansible-vault-pass"),
    objectStore: undefined,
    bootstrapFolder: path.join(root, "kubernetes/bootstrap"),
    repositoriesFile: path.join(root, "config/argocd/repositories.yaml"),
    cloudflare: undefined,
    dnsRecordsFile: path.join(root, "config/dns/records.yaml"),
  });
  t.equal((await loadSite({ env: {} })).folder, repositoryRoot);
});

t.test("the work tree's site.yaml records its cluster", async (t) => {
  const root = t.testdir({ "site.yaml": `clusterUid: ${uid}\nname: home\n` });
  const site = await loadSite({ env: {}, root });
  t.match(site, { name: "home", clusterName: "home", kubeSystemUid: uid });
  t.equal(site.inventoryFolder, path.join(root, "ansible/inventory"));
  const named = await loadSite({ site: root, env: {}, root });
  t.strictSame(named, site, "--site with the work tree is the same site");
});

t.test("another site's paths are read from its folder", async (t) => {
  const folder = t.testdir({
    "site.yaml": [
      "name: lab",
      "inventory: hosts",
      "kubeconfig: ~/lab/kubeconfig",
      "repositories: argocd/repositories.yaml",
      "dnsRecords: dns/records.yaml",
      "cloudflare: { url: https://10.0.0.2/client/v4, caFile: ca.pem }",
      "sshKnownHosts: keys/known_hosts",
      "power: { hetzner: { url: https://10.0.0.2/v1, caFile: ca.pem } }",
    ].join("\n"),
  });
  const site = await loadSite({ site: folder, env: {} });
  t.match(site, {
    name: "lab",
    inventoryFolder: path.join(folder, "hosts"),
    kubeconfigFile: path.join(homedir(), "lab/kubeconfig"),
    sshKnownHostsFile: path.join(folder, "keys/known_hosts"),
    repositoriesFile: path.join(folder, "argocd/repositories.yaml"),
    cloudflare: { url: "https://10.0.0.2/client/v4", caFile: path.join(folder, "ca.pem") },
    dnsRecordsFile: path.join(folder, "dns/records.yaml"),
    runsFolder: path.join(folder, "runs"),
    powerEndpoints: {
      hetzner: { url: "https://10.0.0.2/v1", caFile: path.join(folder, "ca.pem") },
    },
  });
});

t.test("another site has keys of its own, wherever its site.yaml says", async (t) => {
  const folder = t.testdir({ "site.yaml": "{}" });
  t.match(await loadSite({ site: folder, env: {} }), {
    ageKeyFile: path.join(folder, "private/age-keys.txt"),
    recoveryKeyFile: path.join(folder, "private/recovery-key.txt"),
    vaultPasswordFile: path.join(folder, "private/ansible-vault-pass"),
    objectStore: undefined,
  });
  const lines = [
    "ageKey: ~/keys/prod.txt",
    "vaultPassword: /run/vault-pass",
    "objectStore: { url: https://s3.example.org, caFile: ca.pem }",
  ];
  const own = t.testdir({ "site.yaml": lines.join("\n") });
  t.match(await loadSite({ site: own, env: {} }), {
    ageKeyFile: path.join(homedir(), "keys/prod.txt"),
    recoveryKeyFile: path.join(homedir(), "keys/recovery-key.txt"),
    vaultPasswordFile: "/run/vault-pass",
    objectStore: { url: "https://s3.example.org", caFile: path.join(own, "ca.pem") },
  });
});

t.test("--site wins over INFRA_K3S_SITE, which wins over the work tree", async (t) => {
  const root = t.testdir({ one: { "site.yaml": "{}" }, two: { "site.yaml": "{}" } });
  const env = { INFRA_K3S_SITE: "one" };
  const one = await loadSite({ env, root });
  t.match(one, { name: "one", folder: path.join(root, "one") }, "read from the work tree");
  t.equal(one.inventoryFolder, path.join(root, "one/inventory"));
  const two = await loadSite({ site: path.join(root, "two"), env, root });
  t.equal(two.name, "two");
  t.equal((await loadSite({ env: { INFRA_K3S_SITE: "" }, root })).folder, root);
});

t.test("--kubeconfig wins, and KUBECONFIG and HOME are not looked at", async (t) => {
  const root = t.testdir({ home: { ".kube": { config: "poison" } }, poison: "poison" });
  const env = { KUBECONFIG: path.join(root, "poison"), HOME: path.join(root, "home") };
  t.equal((await loadSite({ env, root })).kubeconfigFile, path.join(root, "kubeconfig"));
  const given = await loadSite({ kubeconfig: "some/file", env, root });
  t.equal(given.kubeconfigFile, path.resolve("some/file"), "read from the current folder");
});

t.test("a folder without a site.yaml is no site", async (t) => {
  await t.rejects(loadSite({ site: t.testdir({}), env: {} }), {
    code: "SITE_MISSING",
    exitCode: 2,
  });
  const env = { INFRA_K3S_SITE: "nowhere" };
  await t.rejects(loadSite({ env, root: t.testdir({}) }), { code: "SITE_MISSING" });
});

t.test("a changing command runs against the recorded cluster only", async (t) => {
  const root = t.testdir({});
  const site = await loadSite({ env: {}, root });
  t.throws(() => checkClusterIdentity(site, uid), {
    code: "SITE_CLUSTER_UNKNOWN",
    exitCode: 2,
    fix: new RegExp(`site\\.yaml:\nclusterUid: ${uid}$`),
  });
  const recorded = { ...site, kubeSystemUid: uid };
  checkClusterIdentity(recorded, uid);
  t.throws(() => checkClusterIdentity(recorded, uid.replace("0", "1")), {
    code: "SITE_WRONG_CLUSTER",
    exitCode: 2,
  });
});

t.test("the cluster is written down, and the rest of site.yaml stays", async (t) => {
  const text = "# Ours\nname: home # not the office\n";
  const root = t.testdir({ "site.yaml": text });
  await recordClusterUid(await loadSite({ env: {}, root }), uid);
  t.equal(readFileSync(path.join(root, "site.yaml"), "utf8"), `${text}clusterUid: ${uid}\n`);
  t.equal((await loadSite({ env: {}, root })).kubeSystemUid, uid);
});

t.test("a work tree without a site.yaml gets one with its cluster", async (t) => {
  const root = t.testdir({});
  await recordClusterUid(await loadSite({ env: {}, root }), uid);
  t.equal((await loadSite({ env: {}, root })).kubeSystemUid, uid);
});
