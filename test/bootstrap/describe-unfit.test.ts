import t from "tap";
import { checkHosts } from "../../lib/bootstrap/check-hosts.ts";
import { describeUnfit } from "../../lib/bootstrap/describe-unfit.ts";
import { createFleet, facts, host } from "../support/memory/fleet.ts";

const hosts = ["vps-1", "vps-2", "vps-3"].map((name) => host(name));

t.test("one line for each finding, and nothing was changed", async (t) => {
  const fleet = createFleet({
    "vps-1": facts({ clock: [{ seconds: 1 }], sudo: [{ state: "missing", says: "" }] }),
    "vps-2": facts(),
    "vps-3": "silent",
  });
  const error = describeUnfit((await checkHosts(fleet, hosts)).checks);
  t.match(error, {
    code: "HOSTS_UNFIT",
    exitCode: 2,
    message: "2 hosts are not fit; nothing was changed",
  });
  const lines = error?.why?.split("\n") ?? [];
  t.strictSame(
    lines.map((line) => line.split(":")[0]),
    ["vps-1", "vps-1", "vps-3"],
  );
  for (const line of lines) t.match(line, / Fix: \S/);
});

t.test("hosts that are well", async (t) => {
  const fleet = createFleet({ "vps-1": facts(), "vps-2": facts(), "vps-3": facts() });
  t.equal(describeUnfit((await checkHosts(fleet, hosts)).checks), undefined);
});
