import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { judgeTool, listTools, type Tool } from "../../lib/bootstrap/tools.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import type { ProgramAnswer } from "../../lib/world.ts";

const tools = listTools({ k3s: "v1.36.3+k3s1", mesh: "tailscale", tofu: ">=1.12.6 <1.13" });

function get(name: string): Tool {
  const tool = tools.find((one) => one.name === name);
  if (tool === undefined) throw new Error(name);
  return tool;
}

const runs = (says: string): ProgramAnswer => ({ state: "runs", says });

/** What each program prints, in a version that is fit and in one that is not. */
const answers: Record<string, { fit: string; unfit?: string }> = {
  node: { fit: "v24.21.0", unfit: "v20.20.2" },
  ssh: {
    fit: "OpenSSH_9.2p1 Debian-2+deb12u6, OpenSSL 3.0.19 27 Jan 2026",
    unfit: "OpenSSH_8.2p1",
  },
  "ansible-core": {
    fit: "ansible-playbook [core 2.19.14]\n  config file = None\n  python version = 3.11.2",
    unfit: "ansible-playbook [core 2.14.18]\n  config file = None",
  },
  sops: { fit: "sops 3.11.0 (latest)", unfit: "sops 3.8.1" },
  age: { fit: "v1.1.1" },
  direnv: { fit: "2.32.1" },
  tofu: { fit: "OpenTofu v1.12.6\non linux_amd64", unfit: "OpenTofu v1.6.2" },
  tailscale: { fit: "1.94.1\n  go version: go1.26" },
  kubectl: { fit: "Client Version: v1.35.1\nKustomize Version: v5.7.1" },
};

t.strictSame(Object.keys(answers).toSorted(), tools.map(({ name }) => name).toSorted());

for (const [name, { fit, unfit }] of Object.entries(answers)) {
  t.test(name, (t) => {
    const tool = get(name);
    t.match(judgeTool(tool, runs(fit)), { state: "ok", about: "this machine", check: name });
    t.match(tool.brew, /^brew install /);
    t.match(tool.apt, /apt-get install |npm ci/);
    if (unfit !== undefined) {
      const check = judgeTool(tool, runs(unfit));
      t.match(check, { state: "finding", code: "TOOL_VERSION", fix: tool.brew });
      t.match(check.says, tool.range);
      t.match(check.fix, tool.apt);
    }
    if (tool.optional) return t.end();
    t.match(judgeTool(tool, { state: "missing" }), { state: "finding", code: "TOOL_MISSING" });
    const broken = judgeTool(tool, { state: "broken", says: "no python 2" });
    t.match(broken, { state: "finding", code: "TOOL_BROKEN", why: "no python 2" });
    t.end();
  });
}

t.test("kubectl is not needed, and near the cluster's version", (t) => {
  const kubectl = get("kubectl");
  t.equal(kubectl.range, ">=1.35 <1.38");
  for (const minor of [35, 36, 37]) {
    t.match(judgeTool(kubectl, runs(`Client Version: v1.${minor}.0`)), { state: "ok" });
  }
  t.match(judgeTool(kubectl, runs("Client Version: v1.38.0")), { state: "note" });
  t.match(judgeTool(kubectl, { state: "missing" }), { state: "note", says: /not needed$/ });
  t.end();
});

t.test("the tool of a mesh that is not there is not asked for", (t) => {
  const names = listTools({ k3s: "v1.36.3+k3s1", mesh: "zerotier", tofu: ">=1.12.6 <1.13" }).map(
    ({ name }) => name,
  );
  t.notOk(names.includes("tailscale"));
  t.equal(names.length, tools.length - 1);
  t.end();
});

t.test("a tool that does not say its version is there", (t) => {
  t.match(judgeTool(get("age"), runs("(unknown)")), { state: "ok", says: /does not say/ });
  t.end();
});

t.test("ranges are those that are said elsewhere", (t) => {
  const read = (file: string) => readFileSync(path.join(repositoryRoot, file), "utf8");
  const { engines } = JSON.parse(read("package.json")) as { engines: { node: string } };
  t.equal(`${get("node").range}.0`, engines.node);
  const [, minor] = /^ansible-core==2\.(\d+)\./m.exec(read("lab/ansible-requirements.txt")) ?? [];
  t.equal(get("ansible-core").range, `>=2.${minor} <2.${Number(minor) + 1}`);
  t.end();
});
