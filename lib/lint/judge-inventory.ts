import path from "node:path";
import { createFileTree } from "../config/file-tree.ts";
import { listMistakes } from "../config/load-yaml.ts";
import { repositoryRoot } from "../config/paths.ts";
import { InfraError } from "../errors.ts";
import { toConfigFinding } from "./judge-config-closely.ts";
import type { FileRule, Finding } from "./rule.ts";

const folder = "ansible/inventory";

export const inventory: FileRule = {
  id: "inventory",
  codes: [
    "INVENTORY_ADDRESS_IN_MESH",
    "INVENTORY_ADDRESS_INVALID",
    "INVENTORY_ADDRESS_TWICE",
    "INVENTORY_HOST_TWICE",
    "INVENTORY_NO_SERVER",
    "INVENTORY_PROVIDER_ID_INVALID",
    "INVENTORY_PROVIDER_ID_MISSING",
    "INVENTORY_SERVERS_EVEN",
  ],
  scope: "file",
  summary: "the inventory says of each host what the roles and a failover need",
  why: "A mistake in ansible/inventory is else found in the middle of a play, or in a failover: a host without its provider_id cannot be switched off, and two servers are worse than one. Every command holds the inventory against the same rules before it begins.",
  example: {
    bad: "vps-hetzner-1:\n  public_ip: 192.0.2.1\n  ansible_user: root\n  provider: hetzner",
    good: "vps-hetzner-1:\n  public_ip: 192.0.2.1\n  ansible_user: root\n  provider: hetzner\n  provider_id: 4711",
  },
};

export const variables: FileRule = {
  id: "variables",
  codes: [
    "CONFIG_KEY_UNKNOWN",
    "CONFIG_VALUE_INVALID",
    "INVENTORY_NETWORKS_OVERLAP",
    "INVENTORY_NETWORK_INVALID",
    "INVENTORY_SECRET_PLAIN",
    "INVENTORY_VARIABLE_MISPLACED",
  ],
  scope: "file",
  summary:
    "the variables of groups and hosts are ones that a role has, of its kind, and no secret in clear",
  why: "Ansible takes a misspelt variable for one of yours, and the role goes on with its default. Networks cannot be changed once the cluster is there.",
  example: { bad: "k3s_disabel: [traefik]", good: "k3s_disable: [traefik]" },
};

/** Told of the same file by the rules for all YAML, or by `group-vars-shadow`. */
const toldElsewhere = [
  "CONFIG_SYNTAX",
  "CONFIG_KEY_DUPLICATE",
  "CONFIG_ALIAS_INVALID",
  "INVENTORY_VARIABLES_UNREAD",
];

/** What is wrong with the inventory among the texts, which are by their paths in the judged folder. */
export async function judgeInventory(texts: ReadonlyMap<string, string>): Promise<Finding[]> {
  const own = [...texts].filter(([file]) => file.startsWith(`${folder}/`));
  if (own.length === 0) return [];
  // Messages name a file by its path in the repository: here in the judged folder.
  const files = createFileTree(
    new Map(own.map(([file, text]) => [path.join(repositoryRoot, file), text])),
  );
  const mistakes = await findMistakes(path.join(repositoryRoot, folder), {
    files,
    hasHosts: texts.has(`${folder}/hosts.yml`),
  });
  return mistakes
    .filter(({ code }) => !toldElsewhere.includes(code))
    .map((error) => {
      const isOfHosts = error.where?.file === `${folder}/hosts.yml`;
      return { ...toConfigFinding(error), rule: isOfHosts ? inventory.id : variables.id };
    });
}

async function findMistakes(
  from: string,
  { files, hasHosts }: { files: ReturnType<typeof createFileTree>; hasHosts: boolean },
): Promise<InfraError[]> {
  try {
    if (hasHosts) {
      const { readCluster } = await import("../inventory/load-cluster.ts");
      return (await readCluster(from, files)).mistakes;
    }
    // Hosts that are kept out of Git are not seen from here.
    const { readVariables } = await import("../inventory/variables.ts");
    const { errors } = await readVariables(from, [], files);
    return errors.filter(({ code }) => code !== "INVENTORY_HOST_UNKNOWN");
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    return listMistakes(error);
  }
}
