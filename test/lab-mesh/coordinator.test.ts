import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import {
  type AuthKeyOptions,
  createAuthKey,
  expireNode,
  listMeshNodes,
  parseNode,
  removeNode,
} from "../../lab/mesh/coordinator.ts";
import { findPaths, type LabPaths } from "../../lab/paths.ts";
import { redact } from "../../lib/cli/redact.ts";
import { exitCodes } from "../../lib/errors.ts";

const key = "0123456789abcdef0123456789abcdef0123456789abcdef";

const nodes = [
  {
    id: 3,
    name: "vps-aws-1",
    given_name: "vps-aws-1",
    ip_addresses: ["fd7a:115c:a1e0::3", "100.64.0.3"],
    online: true,
    forced_tags: ["tag:infra-k3s"],
    valid_tags: ["tag:infra-k3s"],
    expiry: { seconds: 1_800_000_000 },
    pre_auth_key: { key },
  },
  { id: 4, name: "operator", ip_addresses: ["100.64.0.4"], expiry: { seconds: -62_135_596_800 } },
];

/** A stand-in for headscale's own command, which writes down how it was called. */
function plantHeadscale(t: Test, answers: Record<string, unknown>) {
  const folder = t.testdir({ answers: {} });
  const paths = findPaths({ XDG_STATE_HOME: folder });
  const program = path.join(folder, "headscale");
  const log = path.join(folder, "log");
  for (const [what, answer] of Object.entries(answers)) {
    writeFileSync(path.join(folder, "answers", what), JSON.stringify(answer));
  }
  const file = `"${folder}/answers/$1-$2"`;
  const refuse = `echo "{\\"error\\": \\"no $1 $2\\"}" >&2; exit 1`;
  writeFileSync(
    program,
    `#!/bin/sh\necho "$@" >>${log}\n[ -e ${file} ] || { ${refuse}; }\ncat ${file}\n`,
  );
  chmodSync(program, 0o755);
  mkdirSync(paths.servers.mesh.folder, { recursive: true });
  const { config, socket } = paths.servers.mesh;
  writeFileSync(paths.servers.settings, JSON.stringify({ headscale: { program, config, socket } }));
  const readCalls = () => {
    const tail = ` --config ${config} --output json`;
    const lines = readFileSync(log, "utf8").trimEnd().split("\n");
    return lines.map((line) => line.replace(tail, ""));
  };
  return { paths, readCalls };
}

async function make(paths: LabPaths, options?: AuthKeyOptions): Promise<string> {
  return await createAuthKey(paths, options);
}

t.test("a key is a secret from the moment it is there", async (t) => {
  const { paths, readCalls } = plantHeadscale(t, {
    "users-list": null,
    "users-create": { id: 7 },
    "preauthkeys-create": { id: 1, key },
  });
  t.equal(redact(key), key, "nobody knows it so far");
  t.equal(
    await make(paths, { reusable: true, expirationSeconds: 60, tags: ["tag:a", "tag:b"] }),
    key,
  );
  t.equal(redact(`--auth-key ${key}`), "--auth-key [secret]");
  t.strictSame(readCalls(), [
    "users list --name infra-k3s",
    "users create infra-k3s",
    "preauthkeys create --user 7 --expiration 60s --reusable --tags tag:a,tag:b",
  ]);
});

t.test("the user is made once, and a key is good for one host and an hour", async (t) => {
  const { paths, readCalls } = plantHeadscale(t, {
    "users-list": [{ id: 2 }],
    "preauthkeys-create": { key },
  });
  await make(paths);
  t.strictSame(readCalls().slice(1), ["preauthkeys create --user 2 --expiration 3600s"]);
});

t.test("nodes, as few of their facts as are needed", async (t) => {
  const { paths } = plantHeadscale(t, { "nodes-list": nodes });
  t.strictSame(await listMeshNodes(paths), [
    {
      id: "3",
      name: "vps-aws-1",
      addresses: ["100.64.0.3", "fd7a:115c:a1e0::3"],
      isOnline: true,
      tags: ["tag:infra-k3s"],
      expiresAt: new Date("2027-01-15T08:00:00Z"),
    },
    {
      id: "4",
      name: "operator",
      addresses: ["100.64.0.4"],
      isOnline: false,
      tags: [],
      expiresAt: undefined,
    },
  ]);
  t.match(parseNode({ id: 5 }), { id: "5", name: "", addresses: [], expiresAt: undefined });
  const none = plantHeadscale(t, { "nodes-list": null });
  t.strictSame(await listMeshNodes(none.paths), [], "Go writes an empty list as null");
});

t.test("a node is expired and removed by its name", async (t) => {
  const answers = { "nodes-list": nodes, "nodes-expire": {}, "nodes-delete": {} };
  const { paths, readCalls } = plantHeadscale(t, answers);
  await expireNode(paths, "vps-aws-1");
  await removeNode(paths, "operator");
  t.strictSame(readCalls(), [
    "nodes list",
    "nodes expire --identifier 3",
    "nodes list",
    "nodes delete --force --identifier 4",
  ]);
  const missing = { code: "LAB_MESH_NODE_MISSING", why: "its nodes are: vps-aws-1, operator" };
  await t.rejects(removeNode(paths, "vps-vultr-1"), missing);
});

t.test("no servers, and servers that refuse", async (t) => {
  const paths = findPaths({ XDG_STATE_HOME: t.testdir({}) });
  await t.rejects(listMeshNodes(paths), { code: "LAB_MESH_DOWN", exitCode: exitCodes.failed });
  const refusing = plantHeadscale(t, {});
  await t.rejects(make(refusing.paths), { code: "EXEC_FAILED", why: /no users list/ });
});
