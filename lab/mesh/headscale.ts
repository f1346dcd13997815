import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { stringify } from "yaml";
import type { MeshPaths } from "../paths.ts";

/** Who the lab's hosts and its operator belong to in the mesh. */
export const meshUser = "infra-k3s";

/** The tag that the hosts' keys carry and may ask for. */
export const meshTag = "tag:infra-k3s";

export interface HeadscaleSettings {
  address: string;
  ports: { mesh: number; stun: number };
  certificate: { key: string; cert: string };
}

/**
 * config.yaml of headscale (its config-example.yaml, v0.27): nothing of it reaches beyond the lab's
 * network, and relay and STUN are its own.
 */
export function renderHeadscaleConfig(paths: MeshPaths, settings: HeadscaleSettings): string {
  const { address, ports, certificate } = settings;
  const at = (name: string) => path.join(paths.folder, name);
  return stringify({
    server_url: `https://${address}:${ports.mesh}`,
    listen_addr: `${address}:${ports.mesh}`,
    // In the servers' namespace: no host reaches these two.
    metrics_listen_addr: "127.0.0.1:9090",
    grpc_listen_addr: "127.0.0.1:50443",
    tls_cert_path: certificate.cert,
    tls_key_path: certificate.key,
    unix_socket: paths.socket,
    unix_socket_permission: "0700",
    noise: { private_key_path: at("noise.key") },
    prefixes: { v4: "100.64.0.0/10", v6: "fd7a:115c:a1e0::/48", allocation: "sequential" },
    derp: {
      server: {
        enabled: true,
        region_id: 999,
        region_code: "lab",
        region_name: "infra-k3s lab",
        verify_clients: true,
        stun_listen_addr: `${address}:${ports.stun}`,
        private_key_path: at("derp.key"),
        ipv4: address,
      },
      urls: [],
      paths: [],
      auto_update_enabled: false,
    },
    disable_check_updates: true,
    database: { type: "sqlite", sqlite: { path: at("db.sqlite"), write_ahead_log: true } },
    dns: {
      magic_dns: false,
      override_local_dns: false,
      base_domain: "",
      nameservers: { global: [] },
    },
    policy: { mode: "file", path: paths.policy },
    log: { level: "info", format: "text" },
    logtail: { enabled: false },
  });
}

/** Everybody in the mesh reaches everybody, as the seed has it, and the hosts may carry the tag. */
export function renderPolicy(): string {
  const policy = {
    tagOwners: { [meshTag]: [`${meshUser}@`] },
    acls: [{ action: "accept", src: ["*"], dst: ["*:*"] }],
  };
  return `${JSON.stringify(policy, undefined, 2)}\n`;
}

/** Writes what headscale reads; returns the texts, which say whether one that runs is to be replaced. */
export async function writeHeadscaleFiles(
  paths: MeshPaths,
  settings: HeadscaleSettings,
): Promise<readonly string[]> {
  const texts = [renderHeadscaleConfig(paths, settings), renderPolicy()] as const;
  await mkdir(paths.folder, { recursive: true, mode: 0o700 });
  await writeFile(paths.config, texts[0], { mode: 0o600 });
  await writeFile(paths.policy, texts[1], { mode: 0o600 });
  return texts;
}
