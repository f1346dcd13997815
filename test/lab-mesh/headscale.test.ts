import { readFileSync, statSync } from "node:fs";
import t from "tap";
import { parse } from "yaml";
import {
  meshTag,
  renderHeadscaleConfig,
  renderPolicy,
  writeHeadscaleFiles,
} from "../../lab/mesh/headscale.ts";
import { findPaths } from "../../lab/paths.ts";

const settings = {
  address: "172.31.0.1",
  ports: { mesh: 8443, stun: 3478 },
  certificate: { key: "/tls/server.key", cert: "/tls/server.pem" },
};

t.test("headscale asks nobody outside of the lab and listens nowhere else", async (t) => {
  const { mesh } = findPaths({ XDG_STATE_HOME: "/state" }).servers;
  const text = renderHeadscaleConfig(mesh, settings);
  const config = parse(text) as Record<string, unknown>;
  t.match(config, {
    server_url: "https://172.31.0.1:8443",
    listen_addr: "172.31.0.1:8443",
    tls_cert_path: "/tls/server.pem",
    tls_key_path: "/tls/server.key",
    unix_socket: "/state/infra-k3s/lab/servers/headscale/socket",
    unix_socket_permission: "0700",
    derp: { server: { enabled: true, verify_clients: true, stun_listen_addr: "172.31.0.1:3478" } },
    disable_check_updates: true,
    dns: { magic_dns: false, override_local_dns: false },
    database: { sqlite: { path: "/state/infra-k3s/lab/servers/headscale/db.sqlite" } },
    logtail: { enabled: false },
  });
  t.strictSame((config["derp"] as { urls: unknown }).urls, []);
  const addresses = text.match(/\d+\.\d+\.\d+\.\d+/g) ?? [];
  t.strictSame([...new Set(addresses)].toSorted(), ["100.64.0.0", "127.0.0.1", "172.31.0.1"]);
});

t.test("the hosts may carry the tag that their keys have", async (t) => {
  const policy = JSON.parse(renderPolicy()) as { tagOwners: Record<string, string[]> };
  t.strictSame(policy.tagOwners, { [meshTag]: ["infra-k3s@"] });
});

t.test("its files are for their owner only, and say whether it is to be replaced", async (t) => {
  const { mesh } = findPaths({ XDG_STATE_HOME: t.testdir({}) }).servers;
  const texts = await writeHeadscaleFiles(mesh, settings);
  t.strictSame(await writeHeadscaleFiles(mesh, settings), texts);
  t.strictSame(
    [mesh.config, mesh.policy].map((file) => readFileSync(file, "utf8")),
    texts,
  );
  for (const file of [mesh.config, mesh.policy]) t.equal(statSync(file).mode & 0o777, 0o600);
  const other = { ...settings, ports: { mesh: 8444, stun: 3478 } };
  t.notSame(await writeHeadscaleFiles(mesh, other), texts);
});
