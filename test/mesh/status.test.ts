import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { connectMesh } from "../../lib/mesh/connect-mesh.ts";
import { parseTailscale } from "../../lib/mesh/tailscale.ts";
import { parseZerotier } from "../../lib/mesh/zerotier.ts";

const folder = path.join(import.meta.dirname, "../fixtures/mesh");
const read = (name: string) => readFileSync(path.join(folder, name), "utf8");
const where = "vps-a";

t.test("a member of a tailnet that runs", async (t) => {
  t.strictSame(await parseTailscale(read("tailscale-running.json"), where), {
    kind: "tailscale",
    state: "running",
    version: "1.86.5-t0123456789-gabcdef012",
    name: "vps-hetzner-1",
    address: "100.64.0.1",
    tags: ["tag:k3s"],
    keyExpiry: undefined,
    problems: [],
    peers: [
      {
        name: "vps-vultr-1",
        addresses: ["100.64.0.2", "fd7a:115c:a1e0::2"],
        isOnline: true,
        path: "direct",
      },
      {
        name: "laptop",
        addresses: ["100.64.0.4", "fd7a:115c:a1e0::4"],
        isOnline: true,
        path: "relay",
      },
      { name: "vps-aws-1", addresses: ["100.64.0.3"], isOnline: false, path: "idle" },
    ],
  });
});

t.test("a member that is logged out says why, and has no address", async (t) => {
  t.match(await parseTailscale(read("tailscale-logged-out.json"), where), {
    state: "needs-login",
    name: "vps-hetzner-1",
    address: undefined,
    problems: [/last login error was: register request: http 401/],
    peers: [],
  });
});

t.test("every state of tailscaled has a meaning, and a new one does not count as up", async (t) => {
  for (const [BackendState, state] of Object.entries({
    NoState: "starting",
    Starting: "starting",
    Running: "running",
    Stopped: "stopped",
    NeedsLogin: "needs-login",
    NeedsMachineAuth: "needs-approval",
    InUseOtherUser: "stopped",
    Dreaming: "stopped",
  })) {
    t.match(await parseTailscale(JSON.stringify({ BackendState }), where), { state });
  }
});

t.test("when the key of a member expires", async (t) => {
  const text = JSON.stringify({
    BackendState: "Running",
    Self: { HostName: "a", KeyExpiry: "2027-05-01T00:00:00Z" },
  });
  t.match(await parseTailscale(text, where), { keyExpiry: "2027-05-01T00:00:00Z", name: "a" });
});

t.test("a peer that another peer relays for is not direct", async (t) => {
  const peer = { Active: true, CurAddr: "192.0.2.1:1", PeerRelay: "192.0.2.9:2:vni:3" };
  const text = JSON.stringify({ BackendState: "Running", Peer: { k: peer } });
  t.match((await parseTailscale(text, where)).peers, [{ path: "relay", isOnline: false }]);
});

t.test("a member of a network of ZeroTier", async (t) => {
  t.strictSame(
    await parseZerotier(read("zerotier-info.json"), read("zerotier-networks.json"), where),
    {
      kind: "zerotier",
      state: "running",
      version: "1.14.2",
      name: "0123456789",
      address: "10.147.17.5",
      tags: [],
      keyExpiry: undefined,
      problems: [],
      peers: [],
    },
  );
});

t.test("a member of ZeroTier that was not let in, or has not asked", async (t) => {
  const info = JSON.stringify({ address: "0123456789", online: false });
  const denied = JSON.stringify([{ nwid: "8056c2e21c000001", status: "ACCESS_DENIED" }]);
  t.match(await parseZerotier(info, denied, where), {
    state: "needs-approval",
    address: undefined,
    problems: [/roots/, "network 8056c2e21c000001: ACCESS_DENIED"],
  });
  t.match(await parseZerotier(info, "[]", where), { state: "needs-login", problems: [/roots/] });
});

t.test("an answer of another kind is an error that shows it", async (t) => {
  for (const [text, why] of [
    ["", /no JSON: it is empty/],
    ["<html>", /no JSON: <html>/],
    ["[]", /the answer must be object/],
    ["{}", /must have required property 'BackendState'/],
    ['{"BackendState":"Running","TailscaleIPs":"100.64.0.1"}', /\/TailscaleIPs must be array/],
    [
      '{"BackendState":"Running","Peer":{"k":{"Online":"yes"}}}',
      /\/Peer\/k\/Online must be boolean/,
    ],
  ] as const) {
    const error = { code: "MESH_UNREADABLE", message: /tailscale status says on vps-a/, why };
    await t.rejects(parseTailscale(text, where), error);
  }
  await t.rejects(parseZerotier("{}", "[]", where), { code: "MESH_UNREADABLE" });
  await t.rejects(parseZerotier(read("zerotier-info.json"), "{}", where), {
    code: "MESH_UNREADABLE",
    why: /must be array/,
  });
});

/** A machine that has these programs, beside what the script itself wants. */
function makeMachine(t: Test, programs: Record<string, string>): NodeJS.ProcessEnv {
  const bin = t.testdir({});
  for (const [name, text] of Object.entries({ id: "echo 0", ...programs })) {
    const file = path.join(bin, name);
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
  }
  return { PATH: `${bin}:/usr/bin:/bin` };
}

const noHosts = async () => await Promise.reject(new Error("no host was to be asked"));

t.test("this machine is asked by the program that it has", async (t) => {
  const cat = (name: string) => `cat '${path.join(folder, name)}'`;
  const tailscale = { tailscale: cat("tailscale-running.json") };
  const zerotier = {
    "zerotier-cli": `case $2 in
      info) ${cat("zerotier-info.json")} ;;
      listnetworks) ${cat("zerotier-networks.json")} ;;
    esac`,
  };
  const askHere = async (programs: Record<string, string>) =>
    await connectMesh(noHosts, makeMachine(t, programs)).readStatus();
  t.match(await askHere(zerotier), { kind: "zerotier", address: "10.147.17.5" });
  t.match(await askHere({ ...tailscale, ...zerotier }), { kind: "tailscale", state: "running" });
  const down = { tailscale: "echo failed to connect to local tailscaled >&2; exit 1" };
  await t.rejects(askHere(down), {
    code: "MESH_DOWN",
    why: "failed to connect to local tailscaled",
  });
});

t.test("a host is asked by way of the one who reaches it", async (t) => {
  const asked: string[] = [];
  const mesh = connectMesh(async (host, script) => {
    asked.push(host);
    t.match(script, /tailscale status --json/);
    return {
      stdout: `Welcome!\ntailscale\n${read("tailscale-running.json")}`,
      stderr: "",
      code: 0,
    };
  });
  t.match(await mesh.readStatus("vps-a"), { state: "running", address: "100.64.0.1" });
  t.strictSame(asked, ["vps-a"]);
});

t.test("a host without a mesh, and one that answers something else", async (t) => {
  const answerOf = (stdout: string, code: number) =>
    connectMesh(async () => await Promise.resolve({ stdout, stderr: "", code }));
  await t.rejects(answerOf("", 41).readStatus("vps-a"), {
    code: "MESH_MISSING",
    message: "vps-a has no program of a mesh",
  });
  await t.rejects(answerOf("hello\n", 0).readStatus("vps-a"), { code: "MESH_DOWN" });
  await t.rejects(answerOf("tailscale\nhello\n", 0).readStatus("vps-a"), {
    code: "MESH_UNREADABLE",
    why: "it is no JSON: hello",
  });
});
