import t, { type Test } from "tap";
import type { MachinePower } from "../../lab/clouds/hetzner-api.ts";
import { connectHetzner } from "../../lib/power/hetzner.ts";
import { fakeToken, startFakeHetzner } from "../support/fake-hetzner.ts";

/** A machine whose power is what `isOn` says, and whose switches work when they are told to. */
function createMachine() {
  const machine = { isOn: true, orders: [] as string[], release: () => undefined as void };
  let order = Promise.withResolvers<void>();
  const follow = (name: string, isOn: boolean) => async (id: string) => {
    machine.orders.push(`${name} ${id}`);
    await order.promise;
    machine.isOn = isOn;
  };
  const power: MachinePower = {
    powerOff: follow("powerOff", false),
    shutDown: follow("shutDown", false),
    powerOn: follow("powerOn", true),
    isRunning: async () => machine.isOn,
  };
  return {
    machine,
    power,
    carryOut() {
      order.resolve();
      order = Promise.withResolvers<void>();
    },
    breakDown() {
      order.reject(new Error("stuck"));
      order = Promise.withResolvers<void>();
    },
  };
}

async function start(t: Test) {
  const { machine, power, ...rest } = createMachine();
  const fake = await startFakeHetzner(undefined, power);
  t.teardown(() => fake.close());
  fake.servers.set("1003", { name: "vps-aws-1", status: "running", publicIp: "172.31.0.13" });
  const driver = connectHetzner({ endpoint: { url: fake.url }, env: { HCLOUD_TOKEN: fakeToken } });
  const order = async (action: string, id = "1003") => {
    const headers = { authorization: `Bearer ${fakeToken}` };
    const url = `${fake.url}/servers/${id}/actions/${action}`;
    const response = await fetch(url, { method: "POST", headers });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { fake, driver, machine, order, ...rest };
}

t.test("an order is accepted at once, and carried out later", async (t) => {
  const { driver, machine, order, carryOut } = await start(t);
  await driver.stop("1003");
  t.match(await driver.find("1003"), { state: "running", addresses: ["172.31.0.13"] });
  t.ok(machine.isOn);
  carryOut();
  t.match(await driver.find("1003"), { state: "off" });
  t.notOk(machine.isOn);

  t.match(await order("poweron"), {
    status: 201,
    body: { action: { command: "start_server", status: "running", error: null } },
  });
  t.match(await driver.find("1003"), { state: "changing" });
  carryOut();
  t.match(await driver.find("1003"), { state: "running" });

  await order("shutdown");
  t.match(await driver.find("1003"), { state: "running" });
  carryOut();
  t.match(await driver.find("1003"), { state: "off" });
  t.strictSame(machine.orders, ["powerOff 1003", "powerOn 1003", "shutDown 1003"]);
});

t.test("a machine that died by itself is said to run until it is stopped", async (t) => {
  const { driver, machine, carryOut } = await start(t);
  machine.isOn = false;
  t.match(await driver.find("1003"), { state: "running" });
  await driver.stop("1003");
  carryOut();
  t.match(await driver.find("1003"), { state: "off" });
});

t.test("a machine that somebody switched on is never said to be off", async (t) => {
  const { driver, machine, carryOut } = await start(t);
  await driver.stop("1003");
  carryOut();
  t.match(await driver.find("1003"), { state: "off" });
  machine.isOn = true;
  t.match(await driver.find("1003"), { state: "running" });
});

t.test("a server is locked while an action runs", async (t) => {
  const { driver, machine, carryOut } = await start(t);
  await driver.stop("1003");
  await t.rejects(driver.stop("1003"), { code: "POWER_REFUSED", why: /\(locked\)/ });
  carryOut();
  await driver.stop("1003");
  t.equal(machine.orders.length, 2);
});

t.test("an order that fails changes nothing", async (t) => {
  const { driver, breakDown } = await start(t);
  await driver.stop("1003");
  breakDown();
  t.match(await driver.find("1003"), { state: "running" });
  await driver.stop("1003");
});

t.test("what the API does not have is not found, or not allowed", async (t) => {
  const { order, machine, fake } = await start(t);
  t.match(await order("poweroff", "1"), { status: 404, body: { error: { code: "not_found" } } });
  t.match(await order("reset"), { status: 405 });
  const url = `${fake.url}/servers/1003/actions/poweroff`;
  const headers = { authorization: `Bearer ${fakeToken}` };
  t.equal((await fetch(url, { headers })).status, 405);
  t.equal((await fetch(url, { method: "POST" })).status, 401);
  t.strictSame(machine.orders, []);
});
