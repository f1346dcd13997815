import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";

const templates = path.join(repositoryRoot, "ansible/roles/k3s-prereq/templates");
const volume = "/var/lib/kubelet/pods/a/volumes/kubernetes.io~local-volume/pvc-1";

/**
 * A host below one folder: the scripts with every path moved there, and programs that do nothing
 * but write down how they were called.
 */
function makeHost(t: Test, { umount, mounts }: { umount: number; mounts: string[] }) {
  const root = t.testdir({});
  const at = (file: string) => path.join(root, file);
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(at(file)), { recursive: true });
    writeFileSync(at(file), text);
    chmodSync(at(file), 0o755);
  };
  const calls = at("calls");
  writeFileSync(calls, "");
  const say = (name: string) => `echo "${name} $*" >>${calls}`;
  const stub = (name: string, code = 0, answer = ":") =>
    write(`bin/${name}`, `#!/bin/sh\n${say(name)}\n${answer}\nexit ${code}\n`);
  const changing = ["systemctl", "ip", "iptables-restore", "ip6tables-save", "ip6tables-restore"];
  for (const name of changing) stub(name);
  for (const name of ["find", "grep", "readlink", "rm", "sed", "sort"]) {
    symlinkSync(
      existsSync(`/usr/bin/${name}`) ? `/usr/bin/${name}` : `/bin/${name}`,
      at(`bin/${name}`),
    );
  }
  stub("pgrep", 1);
  stub("id", 0, "echo 0");
  write(
    "bin/umount",
    `#!/bin/sh\n${say("umount")}\n[ ${umount} -ne 0 ] || : >${at("proc/self/mounts")}\nexit ${umount}\n`,
  );
  // Where k3s has it on a host that has none of its own.
  const bundled = "var/lib/rancher/k3s/data/current/bin/aux/iptables-save";
  write(bundled, `#!/bin/sh\n${say("iptables-save")}\nprintf 'of KUBE-SVC\\nof a firewall\\n'\n`);
  write("proc/self/mounts", mounts.map((point) => `/dev/vda1 ${at(point)} ext4 rw 0 0\n`).join(""));
  write(`${volume}/file`, "precious");
  write("var/lib/rancher/k3s/storage/pvc-2/file", "kept");
  write("etc/rancher/k3s/config.yaml", "");
  for (const name of ["k3s-killall.sh", "k3s-uninstall.sh"]) {
    const text = readFileSync(path.join(templates, `${name}.j2`), "utf8")
      .replaceAll("{{ k3s_data_folder }}", "/var/lib/rancher/k3s")
      .replaceAll(/\/(?=(?:etc|proc|run|usr\/local|var)\/)/g, `${root}/`);
    write(`usr/local/bin/${name}`, text);
  }
  return {
    at,
    run(name: string) {
      const { status, stdout, stderr } = spawnSync(at(`usr/local/bin/${name}`), {
        encoding: "utf8",
        env: { PATH: at("bin") },
      });
      return { status, stdout, stderr, calls: readFileSync(calls, "utf8") };
    },
  };
}

t.test("what is mounted goes, and an uninstalled host keeps its volumes", async (t) => {
  const host = makeHost(t, { umount: 0, mounts: [volume, "/var/lib/other"] });
  const { status, stderr, calls } = host.run("k3s-uninstall.sh");
  t.equal(status, 0, stderr);
  t.match(calls, `umount ${host.at(volume)}\n`);
  t.notMatch(calls, "/var/lib/other");
  t.match(calls, /^iptables-save $/m, "k3s's own, when the host has none");
  t.equal(readFileSync(host.at("var/lib/rancher/k3s/storage/pvc-2/file"), "utf8"), "kept");
  for (const gone of ["var/lib/kubelet/pods", "var/lib/rancher/k3s/data", "etc/rancher/k3s"]) {
    t.notOk(existsSync(host.at(gone)), gone);
  }
});

t.test("nothing is removed below a volume that is still mounted", async (t) => {
  const host = makeHost(t, { umount: 32, mounts: [volume] });
  const { status, stderr } = host.run("k3s-uninstall.sh");
  t.equal(status, 1);
  t.match(stderr, `still mounted:\n${host.at(volume)}`);
  t.equal(readFileSync(host.at(`${volume}/file`), "utf8"), "precious");
});
