import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { allHosts, labHosts, renderHostsFile } from "../../lab/host-list.ts";
import { buildOperatorEnvironment, ensureOperatorFiles, isOperator } from "../../lab/operator.ts";
import { parseMounts } from "../../lab/mounts.ts";
import { findPaths } from "../../lab/paths.ts";
import { ensureSite } from "../../lab/site.ts";
import { loadSite } from "../../lib/config/site.ts";
import { loadCluster } from "../../lib/inventory/load-cluster.ts";

t.test("the lab's site is one that every command can load", async (t) => {
  const paths = findPaths({ XDG_STATE_HOME: t.testdir({}) });
  await ensureSite(paths, {
    power: { hetzner: { url: "https://172.31.0.1:8443/v1", caFile: "tls/ca.crt" } },
  });
  const site = await loadSite({ site: paths.state, env: {} });
  t.match(site, {
    name: "lab",
    clusterName: "lab",
    inventoryFolder: path.join(paths.state, "inventory"),
    kubeconfigFile: path.join(paths.state, "kubeconfig"),
    sshKnownHostsFile: paths.knownHosts,
    powerEndpoints: { hetzner: { url: "https://172.31.0.1:8443/v1" } },
  });
  const { hosts } = await loadCluster(site.inventoryFolder);
  const expected = labHosts.map(({ name, address, providerId, provider, group }) => ({
    name,
    group,
    publicIp: address,
    provider,
    providerId,
    sshPrivateKeyFile: paths.privateKey,
  }));
  t.match(hosts, expected);
  t.equal(statSync(paths.privateKey).mode & 0o777, 0o600);
  const known = readFileSync(paths.knownHosts, "utf8").trim().split("\n");
  t.equal(known.length, allHosts.length);
  t.match(known[0], /^vps-hetzner-1,172\.31\.0\.11 ssh-ed25519 \S+$/);
});

t.test("a second time keeps the keys, and what others have written to site.yaml", async (t) => {
  const paths = findPaths({ XDG_STATE_HOME: t.testdir({}) });
  await ensureSite(paths);
  const key = readFileSync(paths.privateKey, "utf8");
  const file = path.join(paths.state, "site.yaml");
  const uid = "aaaaaaaa-0000-4000-8000-000000000000";
  writeFileSync(file, `${readFileSync(file, "utf8")}clusterUid: ${uid}\n`);
  await ensureSite(paths);
  t.equal(readFileSync(paths.privateKey, "utf8"), key);
  t.equal((await loadSite({ site: paths.state, env: {} })).kubeSystemUid, uid);
});

t.test("a key that was left half made is made anew", async (t) => {
  const paths = findPaths({ XDG_STATE_HOME: t.testdir({}) });
  mkdirSync(paths.ssh, { recursive: true });
  writeFileSync(paths.privateKey, "half");
  chmodSync(paths.privateKey, 0o600);
  await ensureSite(paths);
  t.match(readFileSync(paths.privateKey, "utf8"), "OPENSSH PRIVATE KEY");
});

t.test("a state folder that mount options cannot carry is refused", async (t) => {
  for (const base of ["/a b", "/a,b", "/a:b", "/a$b"]) {
    t.throws(() => findPaths({ XDG_STATE_HOME: base }), { code: "LAB_FOLDER_UNFIT" });
  }
  t.equal(findPaths({ XDG_STATE_HOME: "/srv/x" }).state, "/srv/x/infra-k3s/lab");
  t.match(findPaths({ XDG_STATE_HOME: "relative" }).state, /\.local\/state\/infra-k3s\/lab$/);
});

t.test("the operator's environment leads to the lab and nowhere else", async (t) => {
  const paths = findPaths({ XDG_STATE_HOME: "/srv/x" });
  const poison =
    "KUBECONFIG CLOUDFLARE_API_TOKEN AWS_ACCESS_KEY_ID HCLOUD_TOKEN VULTR_API_KEY TF_VAR_zone " +
    "SOPS_AGE_KEY_FILE ANSIBLE_VAULT_PASSWORD_FILE INFRA_K3S_EC2_PROFILE INFRA_K3S_SITE " +
    "KUBERC https_proxy HTTP_PROXY no_proxy ALL_PROXY SSL_CERT_FILE GIT_SSL_CAINFO";
  const env = Object.fromEntries(poison.split(" ").map((name) => [name, "poison"]));
  t.strictSame(buildOperatorEnvironment(paths, { ...env, PATH: "/bin", KUBECONFIG_X: "kept" }), {
    PATH: "/srv/x/infra-k3s/lab/operator/bin:/bin",
    KUBECONFIG_X: "kept",
    KUBERC: "off",
    KUBECACHEDIR: "/srv/x/infra-k3s/lab/kube-cache",
    INFRA_K3S_SITE: "/srv/x/infra-k3s/lab",
    SSL_CERT_FILE: "/srv/x/infra-k3s/lab/servers/tls/ca.pem",
    GIT_SSL_CAINFO: "/srv/x/infra-k3s/lab/servers/tls/ca.pem",
  });
});

t.test("upstream's name leads the operator, and no host, to the lab's servers", async (t) => {
  const paths = findPaths({ XDG_STATE_HOME: t.testdir({}) });
  await ensureOperatorFiles(paths);
  const lines = readFileSync(paths.operatorHosts, "utf8").split("\n");
  t.ok(lines.includes("172.31.0.11 vps-hetzner-1"));
  t.ok(lines.includes("172.31.0.1 raw.githubusercontent.com"));
  t.notMatch(renderHostsFile(), "github");
});

t.test("whoever is in the operator's place is known by its hosts file", async (t) => {
  const mount = (root: string) => parseMounts(`1 2 3:4 ${root} /etc/hosts rw - ext4 /dev/vda rw\n`);
  t.ok(isOperator(mount("/srv/x/infra-k3s/lab/operator/hosts")));
  t.ok(isOperator(mount("/srv/x/infra-k3s/lab/operator/hosts//deleted")));
  t.notOk(isOperator(mount("/containers/1/hosts")), "a container has a hosts file of its own, too");
  t.notOk(isOperator([]));
});
