import path from "node:path";
import t from "tap";
import { countFiles, findOnDisk } from "../../lab/drill/disk.ts";
import { findPaths } from "../../lab/paths.ts";

t.test("a host's volume is found on this machine, also when the host is off", async (t) => {
  const paths = findPaths({ XDG_STATE_HOME: "/state" });
  t.equal(
    findOnDisk(paths, "vps-aws-1", "/var/lib/rancher/k3s/storage/pvc-1_shop_data"),
    "/state/infra-k3s/lab/hosts/vps-aws-1/data/rancher/k3s/storage/pvc-1_shop_data",
  );
  t.throws(() => findOnDisk(paths, "vps-aws-1", "/var/lib/rancherous/x"), /not in a data folder/);
  t.throws(() => findOnDisk(paths, "vps-aws-1", ""), /not in a data folder/);
});

t.test("a folder that was wiped has no files, and neither has one that is gone", async (t) => {
  const folder = t.testdir({ full: { a: { b: "" } }, empty: {} });
  t.equal(await countFiles(path.join(folder, "full")), 2);
  t.equal(await countFiles(path.join(folder, "empty")), 0);
  t.equal(await countFiles(path.join(folder, "gone")), 0);
});
