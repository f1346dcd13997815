import { chmod, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import t from "tap";
import { plantTraps } from "../../lab/drill/traps.ts";

const seen = { command: "sh", environment: "PATH=/bin" };

t.test("what nobody touches is untouched", async (t) => {
  const folder = path.join(t.testdir(), "traps");
  const traps = await plantTraps(folder);
  t.ok(traps.count > 15);
  t.strictSame(await traps.listTouched([seen]), []);
  await traps.remove();
  await t.rejects(readFile(path.join(folder, "canary")), { code: "ENOENT" });
});

t.test("whoever reads, changes or removes one is seen", async (t) => {
  const folder = path.join(t.testdir(), "traps");
  const { env, listTouched } = await plantTraps(folder);
  await readFile(env["KUBECONFIG"] ?? "");
  await writeFile(path.join(folder, "home/.aws/config"), "changed");
  await chmod(path.join(folder, "home/.kube/config"), 0o644);
  await rm(env["ANSIBLE_INVENTORY"] ?? "");
  const touched = [
    "site/kubeconfig was read",
    "site/inventory/hosts.yml is gone",
    "home/.kube/config was changed",
    "home/.aws/config was changed",
  ];
  t.strictSame(await listTouched([seen]), touched);
  // A look leaves no trace itself.
  t.strictSame(await listTouched([seen]), touched);
});

t.test("a process that has a planted variable is seen", async (t) => {
  const { env, listTouched } = await plantTraps(path.join(t.testdir(), "traps"));
  const environment = `PATH=/bin\0HCLOUD_TOKEN=${env["HCLOUD_TOKEN"]}\0`;
  const started = [
    { command: "init", environment: "" },
    { command: "ssh host", environment },
    { command: "ssh host", environment },
  ];
  t.strictSame(await listTouched(started), [
    "what is planted in the environment was given to: ssh host",
  ]);
});

t.test("that nothing was seen is no proof", async (t) => {
  const { listTouched } = await plantTraps(path.join(t.testdir(), "traps"));
  t.match(await listTouched([]), [/^no process was seen/]);
  t.match(await listTouched([{ command: "gone", environment: "" }]), [/^no process was seen/]);
});

t.test("traps of an earlier drill are no longer there", async (t) => {
  const folder = path.join(t.testdir(), "traps");
  const earlier = await plantTraps(folder);
  await readFile(earlier.env["KUBECONFIG"] ?? "");
  t.strictSame(await (await plantTraps(folder)).listTouched([seen]), []);
});
