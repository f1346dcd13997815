import t from "tap";
import { connectPower } from "../../lib/power/connect-power.ts";
import { fakeToken, startFakeHetzner } from "../support/fake-hetzner.ts";

t.test("hetzner's machines go to its endpoint of the site", async (t) => {
  const fake = await startFakeHetzner();
  t.teardown(() => fake.close());
  fake.servers.set("42", { status: "running", publicIp: "192.0.2.1" });
  const site = { powerEndpoints: { hetzner: { url: fake.url } } };
  const power = connectPower(site, { HCLOUD_TOKEN: fakeToken });
  const machine = { provider: "hetzner", id: "42" } as const;
  t.strictSame(await power.find(machine), { state: "running", addresses: ["192.0.2.1"] });
  await power.stop(machine);
  t.match(await power.find(machine), { state: "off" });
});

t.test("providers without a driver say so, and ask for nothing", async (t) => {
  const power = connectPower({ powerEndpoints: {} }, {});
  for (const provider of ["vultr", "aws"] as const) {
    const error = { code: "POWER_UNSUPPORTED", message: /has no driver yet/, exitCode: 2 };
    await t.rejects(power.find({ provider, id: "1" }), error);
    await t.rejects(power.stop({ provider, id: "1" }), error);
  }
  await t.rejects(power.stop({ provider: "manual", id: "" }), {
    code: "POWER_UNSUPPORTED",
    message: /cannot be switched off by an API/,
    fix: /hosts\.yml/,
  });
});
