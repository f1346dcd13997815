import path from "node:path";
import type { FromSchema } from "json-schema-to-ts";
import { registerSecret } from "../cli/redact.ts";
import { findNearest } from "../cli/suggest.ts";
import { diskFiles, type FileTree } from "../config/file-tree.ts";
import { loadYaml, throwAll } from "../config/load-yaml.ts";
import { expandHome, showPath } from "../config/paths.ts";
import { InfraError, type Place } from "../errors.ts";
import type { Locate } from "../schema/explain.ts";
import type { Provider } from "../world.ts";
import { inventorySchema, meshSchema, sshSchema } from "./inventory.schema.ts";
import { findFaults } from "./find-faults.ts";

export const groupNames = ["k3s_masters", "k3s_workers"] as const;

/** A host of the cluster; its name is that of its Kubernetes node. */
export interface Host {
  name: string;
  group: (typeof groupNames)[number];
  publicIp: string;
  /** Undefined until the networking play has written it down. */
  meshIp: string | undefined;
  ansibleUser: string;
  /** Absolute; undefined when the host is logged in to with a password or an agent's key. */
  sshPrivateKeyFile: string | undefined;
  sshPort: number;
  /** The variable of the vault that has the password, while one is logged in with. */
  sshPasswordVariable?: string | undefined;
  provider: Provider;
  /** The provider's own id of the machine; undefined for `manual` only. */
  providerId: string | undefined;
  /** Where the host's name stands in hosts.yml. */
  place: Place;
}

/** A host with the places of what it says, for the rules. */
export interface LocatedHost extends Host {
  locate: (part: "publicIp" | "meshIp" | "provider" | "providerId") => Place;
}

/** The hosts of an inventory folder, not yet held against the rules. */
export interface LocatedInventory {
  file: string;
  hosts: LocatedHost[];
  /** Where a group stands, or the list of groups when it is not there. */
  locateGroup: (group: Host["group"]) => Place;
}

type HostSettings = NonNullable<
  NonNullable<
    NonNullable<
      FromSchema<
        typeof inventorySchema
      >["all"]["children"]["k3s_cluster"]["children"]["k3s_masters"]
    >["hosts"]
  >
>[string];

/**
 * Loads hosts.yml of an inventory folder and what the playbooks have written down beside it, servers
 * first. Throws what loadYaml throws, INVENTORY_HOST_TWICE, INVENTORY_ADDRESS_INVALID,
 * INVENTORY_ADDRESS_TWICE, INVENTORY_ADDRESS_IN_MESH, INVENTORY_PROVIDER_ID_MISSING,
 * INVENTORY_PROVIDER_ID_INVALID, INVENTORY_NO_SERVER, INVENTORY_SERVERS_EVEN, and CONFIG_INVALID for
 * several.
 */
export async function loadInventory(folder: string): Promise<Host[]> {
  const inventory = await readInventory(folder);
  throwAll(inventory.file, findFaults(inventory));
  return inventory.hosts.map(({ locate: _locate, ...host }) => host);
}

/** The hosts as they stand there. Throws what loadYaml throws. */
export async function readInventory(
  folder: string,
  files: FileTree = diskFiles,
): Promise<LocatedInventory> {
  const file = path.join(folder, "hosts.yml");
  const { value, locate } = await loadYaml(
    file,
    inventorySchema,
    "Write it, with your hosts under all, k3s_cluster and k3s_masters or k3s_workers",
    files,
  );
  const { children } = value.all.children.k3s_cluster;
  const groups = ["all", "children", "k3s_cluster", "children"];
  const hosts: LocatedHost[] = [];
  for (const group of groupNames) {
    for (const [name, settings] of Object.entries(children[group]?.hosts ?? {})) {
      const written = {
        mesh: await loadMesh(folder, name, files),
        keyFile: await loadKey(folder, name, files),
      };
      const where = [...groups, group, "hosts", name];
      hosts.push(buildHost(name, group, settings, written, where, locate));
    }
  }
  return { file: showPath(file), hosts, locateGroup: (group) => locate([...groups, group], "key") };
}

/** The host of that name. Throws INVENTORY_HOST_UNKNOWN, with the nearest name. */
export function getHost(hosts: Host[], name: string): Host {
  const host = hosts.find((one) => one.name === name);
  if (host !== undefined) return host;
  const names = hosts.map((one) => one.name);
  const nearest = findNearest(name, names);
  throw new InfraError({
    code: "INVENTORY_HOST_UNKNOWN",
    message: `host "${name}" is not in the inventory`,
    ...(hosts[0] === undefined ? {} : { where: { file: hosts[0].place.file } }),
    why: names.length === 0 ? "it has no hosts" : `known hosts: ${names.join(", ")}`,
    fix: nearest === undefined ? "Name one of them, or add the host" : `Did you mean "${nearest}"?`,
  });
}

interface Mesh {
  ip: string;
  place: Place;
}

async function loadMesh(folder: string, name: string, files: FileTree): Promise<Mesh | undefined> {
  const file = path.join(folder, "host_vars", name, "mesh.yml");
  if ((await files.findKind(file)) === undefined) return undefined;
  const { value, locate } = await loadYaml(file, meshSchema, undefined, files);
  return { ip: value.mesh_ip, place: locate(["mesh_ip"], "value") };
}

/** The key that has taken the place of a password of hosts.yml. */
async function loadKey(folder: string, name: string, files: FileTree): Promise<string | undefined> {
  const file = path.join(folder, "host_vars", name, "ssh.yml");
  if ((await files.findKind(file)) === undefined) return undefined;
  const { value } = await loadYaml(file, sshSchema, undefined, files);
  return value.ansible_ssh_private_key_file;
}

function buildHost(
  name: string,
  group: Host["group"],
  settings: HostSettings,
  written: { mesh: Mesh | undefined; keyFile: string | undefined },
  where: string[],
  locate: Locate,
): LocatedHost {
  const { mesh } = written;
  const { ansible_ssh_pass: password } = settings;
  const keyFile = written.keyFile ?? settings.ansible_ssh_private_key_file;
  // It belongs in the vault, but somebody may have written it out.
  if (password !== undefined && !password.includes("{{")) registerSecret(password);
  const keys = { publicIp: "public_ip", provider: "provider", providerId: "provider_id" } as const;
  return {
    name,
    group,
    publicIp: settings.public_ip,
    meshIp: mesh?.ip,
    ansibleUser: settings.ansible_user,
    sshPrivateKeyFile: keyFile === undefined ? undefined : expandHome(keyFile),
    sshPort: settings.ansible_port ?? 22,
    sshPasswordVariable:
      written.keyFile === undefined
        ? /^\{\{ *(vault_\w+) *\}\}$/.exec(password ?? "")?.[1]
        : undefined,
    provider: settings.provider,
    providerId: settings.provider_id === undefined ? undefined : String(settings.provider_id),
    place: locate(where, "key"),
    locate(part) {
      if (part === "meshIp") return mesh?.place ?? locate(where, "key");
      return locate([...where, keys[part]], "value");
    },
  };
}
