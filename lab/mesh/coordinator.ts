import { readFile } from "node:fs/promises";
import { registerSecret } from "../../lib/cli/redact.ts";
import { exitCodes, InfraError } from "../../lib/errors.ts";
import { run } from "../../lib/exec/run.ts";
import type { ServeSettings } from "../clouds/settings.ts";
import type { LabPaths } from "../paths.ts";
import { meshUser } from "./headscale.ts";

export interface AuthKeyOptions {
  /** Whether more than one host may join with it. */
  reusable?: boolean;
  /** From now on; an hour when left out. */
  expirationSeconds?: number;
  /** What joins with it carries these: `tag:infra-k3s`. */
  tags?: readonly string[];
}

export interface MeshNode {
  id: string;
  name: string;
  /** IPv4 first. */
  addresses: string[];
  isOnline: boolean;
  tags: string[];
  /** When it has to log in again; undefined for never. */
  expiresAt: Date | undefined;
}

/** Nodes and users as headscale writes them: protobuf's fields by way of Go's encoding/json. */
interface HeadscaleNode {
  id: number;
  name?: string;
  given_name?: string;
  ip_addresses?: string[];
  online?: boolean;
  forced_tags?: string[];
  valid_tags?: string[];
  expiry?: { seconds?: number };
}

/**
 * Makes a key that hosts join the mesh with, and registers it as a secret. Throws LAB_MESH_DOWN and
 * EXEC_FAILED.
 */
export async function createAuthKey(
  paths: LabPaths,
  { reusable = false, expirationSeconds = 3600, tags = [] }: AuthKeyOptions = {},
): Promise<string> {
  const user = await ensureUser(paths);
  const argv = ["preauthkeys", "create", "--user", String(user)];
  argv.push("--expiration", `${expirationSeconds}s`);
  if (reusable) argv.push("--reusable");
  if (tags.length > 0) argv.push("--tags", tags.join(","));
  const answer = (await askHeadscale(paths, argv)) as { key?: unknown };
  if (typeof answer.key !== "string") throw new Error("headscale made a key and does not say it");
  registerSecret(answer.key);
  return answer.key;
}

/** All that has ever joined the lab's mesh and was not removed. Throws LAB_MESH_DOWN. */
export async function listMeshNodes(paths: LabPaths): Promise<MeshNode[]> {
  const nodes = (await askHeadscale(paths, ["nodes", "list"])) as HeadscaleNode[] | null;
  return (nodes ?? []).map(parseNode);
}

/** Makes a node log in again. Throws LAB_MESH_NODE_MISSING and LAB_MESH_DOWN. */
export async function expireNode(paths: LabPaths, name: string): Promise<void> {
  const { id } = await getNode(paths, name);
  await askHeadscale(paths, ["nodes", "expire", "--identifier", id]);
}

/** Puts a node out of the mesh. Throws LAB_MESH_NODE_MISSING and LAB_MESH_DOWN. */
export async function removeNode(paths: LabPaths, name: string): Promise<void> {
  const { id } = await getNode(paths, name);
  await askHeadscale(paths, ["nodes", "delete", "--force", "--identifier", id]);
}

/** A node as headscale's JSON has it. */
export function parseNode(node: HeadscaleNode): MeshNode {
  // A time that was never set is the year 1 in Go.
  const seconds = node.expiry?.seconds ?? 0;
  const isIpv6 = (address: string) => address.includes(":");
  const addresses = node.ip_addresses ?? [];
  return {
    id: String(node.id),
    name: node.given_name ?? node.name ?? "",
    addresses: [...addresses.filter((one) => !isIpv6(one)), ...addresses.filter(isIpv6)],
    isOnline: node.online ?? false,
    tags: [...new Set([...(node.forced_tags ?? []), ...(node.valid_tags ?? [])])],
    expiresAt: seconds > 0 ? new Date(seconds * 1000) : undefined,
  };
}

async function getNode(paths: LabPaths, name: string): Promise<MeshNode> {
  const nodes = await listMeshNodes(paths);
  const node = nodes.find((one) => one.name === name);
  if (node !== undefined) return node;
  throw new InfraError({
    code: "LAB_MESH_NODE_MISSING",
    message: `there is no node ${name} in the lab's mesh`,
    why: `its nodes are: ${nodes.map((one) => one.name).join(", ") || "none"}`,
    fix: "Name one of them",
  });
}

async function ensureUser(paths: LabPaths): Promise<number> {
  const list = ["users", "list", "--name", meshUser];
  const users = (await askHeadscale(paths, list)) as { id: number }[] | null;
  const [user] = users ?? [];
  if (user !== undefined) return user.id;
  const made = (await askHeadscale(paths, ["users", "create", meshUser])) as { id: number };
  return made.id;
}

/** It listens on a socket in the lab's state folder, which can be reached from every namespace. */
async function askHeadscale(paths: LabPaths, argv: readonly string[]): Promise<unknown> {
  const headscale = await readHeadscale(paths);
  const flags = ["--config", headscale.config, "--output", "json"];
  // Its settings may come from the environment, too.
  const env = { PATH: process.env["PATH"], HOME: paths.servers.mesh.folder };
  const { stdout } = await run([headscale.program, ...argv, ...flags], { env, timeoutSeconds: 30 });
  return JSON.parse(stdout) as unknown;
}

async function readHeadscale({
  servers,
}: LabPaths): Promise<NonNullable<ServeSettings["headscale"]>> {
  const text = await readFile(servers.settings, "utf8").catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return undefined;
    throw cause;
  });
  const { headscale } = JSON.parse(text ?? "{}") as Partial<ServeSettings>;
  if (headscale !== undefined) return headscale;
  throw new InfraError({
    code: "LAB_MESH_DOWN",
    message: "the lab's mesh has no coordination server",
    where: { file: servers.settings },
    why: `the lab's servers were ${text === undefined ? "never started" : "started without one"}`,
    fix: "Bring the lab up with it: zx scripts/lab/up.ts --mesh",
    exitCode: exitCodes.failed,
  });
}
