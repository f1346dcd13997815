import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { buildVariables, parseSums } from "../../lab/cluster.ts";
import { findPaths } from "../../lab/paths.ts";
import { ensureSite, forgetCluster } from "../../lab/site.ts";
import { loadSite } from "../../lib/config/site.ts";

const release = {
  folder: "/cache/k3s-release-1",
  version: "v1.36.3+k3s1",
  k3s: "/cache/k3s-release-1/k3s",
  images: "/cache/k3s-release-1/k3s-airgap-images-amd64.tar",
  restoreImage: "/cache/k3s-release-1/restore-image-amd64.tar",
  sums: "/cache/k3s-release-1/sha256sum-amd64.txt",
};
const [a, b, c] = ["a", "b", "c"].map((digit) => digit.repeat(64)) as [string, string, string];
const sums = new Map([
  ["k3s", a],
  ["k3s-airgap-images-amd64.tar", b],
  ["restore-image-amd64.tar", c],
]);
const paths = { kubeconfig: "/site/kubeconfig", privateKey: "/site/key" };

t.test("files are copied from the release's folder, with their sums", async (t) => {
  t.strictSame(buildVariables(paths, sums, { release }), {
    k3s_cluster_name: "lab",
    kubeconfig_path: "/site/kubeconfig",
    k3s_version: "v1.36.3+k3s1",
    k3s_release_folder: "/cache/k3s-release-1",
    k3s_sha256: a,
    k3s_images: "k3s-airgap-images-amd64.tar",
    k3s_images_sha256: b,
    k3s_extra_images: [],
    node_agent_restore_image: { file: release.restoreImage, sha256: c },
    k3s_flannel_iface: "{{ k3s_mesh_iface if mesh_ip is defined else 'eth0' }}",
    common_key_file: "{{ ansible_ssh_private_key_file | default('/site/key', true) }}",
    common_automatic_updates: false,
    k3s_allow_cgroup_v1: true,
  });
});

t.test("or downloaded by the hosts", async (t) => {
  const extraImages = [{ url: "http://172.31.0.1:8080/velero.tar", sha256: a }];
  const baseUrl = "http://172.31.0.1:8080";
  const given = buildVariables(paths, sums, { release, baseUrl, extraImages });
  t.match(given, {
    k3s_base_url: baseUrl,
    node_agent_restore_image: { url: `${baseUrl}/restore-image-amd64.tar`, sha256: c },
    k3s_extra_images: extraImages,
  });
  t.notOk("k3s_release_folder" in given);
});

t.test("a release without a sum is not installed", async (t) => {
  t.throws(() => buildVariables(paths, new Map([["k3s", a]]), { release }), /has no sum of/);
});

t.test("sums are read as sha256sum writes them", async (t) => {
  const text = `${a}  k3s\n${b} *k3s-airgap-images-amd64.tar\nnot a sum  x\n${c.slice(1)}  short\n`;
  t.strictSame(
    [...parseSums(text)],
    [
      ["k3s", a],
      ["k3s-airgap-images-amd64.tar", b],
    ],
  );
});

t.test("the site forgets its cluster before another one is made, and keeps the rest", async (t) => {
  const paths = findPaths({ XDG_STATE_HOME: t.testdir({}) });
  mkdirSync(paths.state, { recursive: true });
  await ensureSite(paths);
  const file = path.join(paths.state, "site.yaml");
  const uid = "aaaaaaaa-0000-4000-8000-000000000000";
  writeFileSync(file, `# mine\n${readFileSync(file, "utf8")}clusterUid: ${uid}\n`);
  t.equal((await loadSite({ site: paths.state, env: {} })).kubeSystemUid, uid);
  await forgetCluster(paths);
  const site = await loadSite({ site: paths.state, env: {} });
  t.match(site, { kubeSystemUid: undefined, clusterName: "lab" });
  t.match(readFileSync(file, "utf8"), "# mine");
});
