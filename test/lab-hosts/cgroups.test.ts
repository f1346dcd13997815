import t from "tap";
import { findHierarchies, findMode } from "../../lab/cgroups.ts";
import { parseMounts } from "../../lab/mounts.ts";

const v1Names = ["cpu,cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids"];

function renderMount(point: string, type: string, options: string, root = "/"): string {
  return `32 31 0:29 ${root} ${point} rw,relatime shared:5 - ${type} cgroup rw,${options}\n`;
}

const v1 = v1Names.map((name) => renderMount(`/sys/fs/cgroup/${name}`, "cgroup", name)).join("");
const named = renderMount("/sys/fs/cgroup/systemd", "cgroup", "name=systemd");
const hybrid = v1 + named + renderMount("/sys/fs/cgroup/unified", "cgroup2", "nsdelegate");
const v2 = renderMount("/sys/fs/cgroup", "cgroup2", "nsdelegate");

t.test("the mode is read from the mounts", async (t) => {
  t.equal(findMode(parseMounts(v1)), "v1");
  t.equal(findMode(parseMounts(hybrid)), "v1");
  t.equal(findMode(parseMounts(v2)), "v2");
  t.equal(
    findMode(parseMounts(renderMount("/sys/fs/cgroup/memory", "cgroup", "memory"))),
    undefined,
  );
  t.equal(findMode(parseMounts(named + v2)), undefined, "v2 below something that is not it");
  t.equal(findMode([]), undefined);
});

t.test("the own folder is found in each hierarchy", async (t) => {
  const self = "12:memory:/user/me\n3:cpu,cpuacct:/\n2:name=systemd:/a:b\n1:hugetlb:/\n0::/scope\n";
  t.strictSame(findHierarchies(parseMounts(hybrid), self), [
    { controllers: ["memory"], folder: "/sys/fs/cgroup/memory/user/me" },
    { controllers: ["cpu", "cpuacct"], folder: "/sys/fs/cgroup/cpu,cpuacct" },
    { controllers: ["name=systemd"], folder: "/sys/fs/cgroup/systemd/a:b" },
    { controllers: [], folder: "/sys/fs/cgroup/unified/scope" },
  ]);
});

t.test("in a container, the folder is below what is mounted of the hierarchy", async (t) => {
  const mounts = parseMounts(renderMount("/sys/fs/cgroup/memory", "cgroup", "memory", "/box/1"));
  const folder = (cgroup: string) => findHierarchies(mounts, `4:memory:${cgroup}\n`)[0]?.folder;
  t.equal(folder("/box/1/sub"), "/sys/fs/cgroup/memory/sub");
  t.equal(folder("/box/1"), "/sys/fs/cgroup/memory");
  t.equal(folder("/elsewhere"), "/sys/fs/cgroup/memory");
});
