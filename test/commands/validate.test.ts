import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { which } from "zx";
import { writeCorpus } from "../../lab/bench/corpus.ts";
import { runCommand } from "../../lib/cli/run-command.ts";
import { validate } from "../../lib/commands/validate.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { findKustomize } from "../../lib/exec/kustomize.ts";
import { setVariables } from "../support/environment.ts";
import { createFakeTerminal } from "../support/fake-terminal.ts";

async function run(...args: string[]) {
  const terminal = createFakeTerminal();
  const exitCode = await runCommand(validate, args, terminal);
  process.exitCode = 0;
  return { exitCode, out: terminal.stdout, err: terminal.stderr };
}

const web = `apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
spec:
  port:
    - port: 80
`;

t.test("this repository has nothing wrong", async (t) => {
  const { exitCode, out } = await run();
  t.equal(out.split("\n").at(-2)?.includes("nothing wrong"), true, out);
  t.equal(exitCode, 0);
});

t.test("findings come with exit code 1, in each format", async (t) => {
  const folder = t.testdir({ "web.yaml": web });
  const text = await run(folder);
  t.equal(text.exitCode, 1);
  t.match(text.out, /^web\.yaml:7:3: unknown key "port" in spec {2}\[CONFIG_KEY_UNKNOWN\]\n/);
  t.match(text.out, /Did you mean "ports"\?/);
  const github = await run(folder, "--format", "github");
  t.match(github.out, /^::error file=web\.yaml,line=7,col=3,title=CONFIG_KEY_UNKNOWN::/);
  const sarif = await run(folder, "--format", "sarif");
  t.match(JSON.parse(sarif.out), { runs: [{ results: [{ ruleId: "schema" }] }] });
  const json = await run(folder, "--json");
  t.match(JSON.parse(json.out), {
    ok: false,
    result: { findings: [{ code: "CONFIG_KEY_UNKNOWN", where: { line: 7, column: 3 } }] },
  });
});

t.test("of a file of nothing but mistakes, the first are told", async (t) => {
  const folder = t.testdir({ "web.yaml": `---\n${web}`.repeat(150) });
  const { exitCode, out } = await run(folder);
  t.equal(exitCode, 1);
  t.equal(out.split("[CONFIG_KEY_UNKNOWN]").length, 101);
  t.match(out, /^web\.yaml:908:3: from here on, rule schema finds more in this file {2}\[FILE_/m);
});

t.test("a folder that is not there, and a rule that is not, are refused", async (t) => {
  t.match(await run("/nowhere"), { exitCode: 2, err: /VALIDATE_FOLDER_MISSING/ });
  t.match(await run("--json", "--format", "sarif"), { exitCode: 2, out: /CLI_VALUE_INVALID/ });
  t.match(await run("--explain", "schemas"), { exitCode: 2, err: /did you mean --explain schema/ });
});

t.test("a rule explains itself, by its id or by a code", async (t) => {
  t.match(await run("--explain", "schema"), { exitCode: 0, out: /^## schema\n\n/ });
  t.match(await run("--explain", "IMAGE_UNPINNED"), { exitCode: 0, out: /^## image-unpinned\n/ });
});

t.test("with --cache, what has not changed is not judged again, and what has is", async (t) => {
  const folder = t.testdir({});
  writeCorpus(folder, 40);
  t.match(await run(folder, "--cache"), { exitCode: 0, out: /^40 objects in 10 files: nothing/ });
  t.match(await run(folder, "--cache"), { exitCode: 0, out: /^40 objects in 10 files: nothing/ });
  const file = path.join(folder, "part-0/app-3.yaml");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace("spec:", "specs:"));
  t.match(await run(folder, "--cache"), { exitCode: 1, out: /part-0\/app-3\.yaml:\d+:1: unknown/ });
  t.match(await run(folder, "--cache"), { exitCode: 1, out: /unknown key "specs"/ });
  writeFileSync(file, text);
  t.match(await run(folder, "--cache"), { exitCode: 0 });
  rmSync(file);
  t.match(await run(folder, "--cache"), { exitCode: 0, out: /^36 objects in 9 files/ });
});

t.test("with --cache, a change of a definition is felt by the objects of its kind", async (t) => {
  const fixture = path.join(
    repositoryRoot,
    "test/fixtures/valid/schema/kind-of-a-crd-in-the-repository.yaml",
  );
  const [definition = "", object = ""] = readFileSync(fixture, "utf8").split("---\n");
  const folder = t.testdir({ "crd.yaml": definition, "object.yaml": object });
  t.match(await run(folder, "--cache"), { exitCode: 0 });
  writeFileSync(path.join(folder, "crd.yaml"), definition.replace("size:", "length:"));
  t.match(await run(folder, "--cache"), {
    exitCode: 1,
    out: /^object\.yaml:\d+:3: unknown key "size"/,
  });
});

t.test(
  "with --cache, a kind is unknown again when the chart that brought it is gone",
  async (t) => {
    const folder = t.testdir({
      "chart.yaml": `apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata:
  name: monitoring
  namespace: kube-system
spec:
  chart: kube-prometheus-stack
  repo: https://prometheus-community.github.io/helm-charts
  version: 79.0.0
`,
      "monitor.yaml": `apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: shop
  namespace: shop
`,
    });
    t.match(await run(folder, "--cache"), { exitCode: 0 });
    rmSync(path.join(folder, "chart.yaml"));
    t.match(await run(folder, "--cache"), {
      exitCode: 1,
      out: /^monitor\.yaml:2:7: there is no ServiceMonitor/,
    });
  },
);

const hasKustomize = (await findKustomize(process.env)) !== undefined;
const skip = hasKustomize ? false : "neither kustomize nor kubectl is here";

const shop = {
  "kustomization.yaml": `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: shop
resources:
  - web.yaml
patches:
  - path: patch.yaml
`,
  "web.yaml": web.replace("  namespace: shop\n", "").replace("port:", "ports:"),
  "patch.yaml": `apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  clusterIPs: yes please
`,
};

function createShop(t: Test, change: Partial<typeof shop> = {}): string {
  const folder = t.testdir({});
  for (const [name, text] of Object.entries({ ...shop, ...change })) {
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

t.test("a kustomization is judged as it is rendered", { skip }, async (t) => {
  t.match(await run(createShop(t)), {
    exitCode: 1,
    out: /^web\.yaml:5:1: spec\.clusterIPs is a string and has to be list/,
  });
  const patch = shop["patch.yaml"].replace("clusterIPs: yes please", "type: NodePort");
  t.match(await run(createShop(t, { "patch.yaml": patch })), {
    exitCode: 0,
    out: /^2 objects in 3 files: nothing wrong/,
  });
});

t.test("what it renames is judged as well, and told where it is from", { skip }, async (t) => {
  const kustomization = `${shop["kustomization.yaml"]}namePrefix: my-\n`;
  t.match(await run(createShop(t, { "kustomization.yaml": kustomization })), {
    exitCode: 1,
    out: /^web\.yaml:5:1: spec\.clusterIPs .*\n {2}why {2}this is in Service "my-web" as kustomize/,
  });
});

t.test("what kustomize cannot build is a finding", { skip }, async (t) => {
  const patch = shop["patch.yaml"].replace("name: web", "name: other");
  t.match(await run(createShop(t, { "patch.yaml": patch })), {
    exitCode: 1,
    out: /^kustomization\.yaml:1:1: kustomize cannot build this {2}\[KUSTOMIZATION_FAILED\]\n {2}why {2}no /,
  });
});

t.test("without what has to be fetched it is rendered, or counted", { skip }, async (t) => {
  const remote = shop["kustomization.yaml"].replace(
    "  - web.yaml\n",
    "  - web.yaml\n  - https://github.com/example/base?ref=v1.0.0\n",
  );
  t.match(await run(createShop(t, { "kustomization.yaml": remote })), {
    exitCode: 1,
    out: /^web\.yaml:5:1: spec\.clusterIPs/,
  });
  const onlyRemote = remote.replace("  - web.yaml\n", "");
  t.match(await run(createShop(t, { "kustomization.yaml": onlyRemote, "web.yaml": "" })), {
    out: /1 kustomization or chart not or not wholly rendered/,
  });
});

t.test("a transformer that is a program is not run, and no mistake", { skip }, async (t) => {
  const stamped = `${shop["kustomization.yaml"]}transformers:
  - |-
    apiVersion: example.org/v1
    kind: Stamp
    metadata:
      name: stamp
      annotations:
        config.kubernetes.io/function: "container: { image: example.org/stamp:v1 }"
`;
  const { out } = await run(createShop(t, { "kustomization.yaml": stamped }));
  t.match(out, /1 kustomization or chart not or not wholly rendered/);
  t.notMatch(out, /KUSTOMIZATION_FAILED/);
});

t.test("without kustomize the raw files are judged, and that is said", async (t) => {
  const folder = createShop(t);
  const programs = path.join(folder, "..", "programs");
  t.teardown(() => rmSync(programs, { recursive: true, force: true }));
  rmSync(programs, { recursive: true, force: true });
  mkdirSync(programs);
  // Git says that the folder is no part of this repository.
  symlinkSync(await which("git"), path.join(programs, "git"));
  setVariables(t, { PATH: programs, XDG_CACHE_HOME: "/nowhere" });
  t.match(await run(folder), {
    exitCode: 0,
    out: /1 kustomization or chart not or not wholly rendered/,
  });
});

t.test("--fix writes anew what has one right answer, and nothing else", async (t) => {
  const text = `apiVersion: v1
kind: ConfigMap # kept
metadata:
  name: web
  namespace: shop
data:
  FEATURE: yes
  NAME:   web
`;
  const folder = t.testdir({ "web.yaml": text });
  t.match(await run(folder), { exitCode: 1, out: /^web\.yaml:7:12: .*YAML11/ });
  t.match(await run(folder, "--fix"), { exitCode: 0, out: /nothing wrong/ });
  const fixed = readFileSync(path.join(folder, "web.yaml"), "utf8");
  t.equal(fixed, text.replace("FEATURE: yes", 'FEATURE: "yes"'));
});

t.test("--fix writes neither through links nor into what sops has encrypted", async (t) => {
  const text = `apiVersion: v1
kind: ConfigMap
metadata:
  name: web
  namespace: shop
data:
  FEATURE: yes
`;
  const encrypted = `${text.replace("web", "other")}  KEY: ENC[AES256_GCM,data:AA==,type:str]
sops:
  mac: ENC[AES256_GCM,data:AA==,type:str]
`;
  const folder = t.testdir({
    outside: { "web.yaml": text },
    judged: {
      "link.yaml": t.fixture("symlink", "../outside/web.yaml"),
      "other.sops.yaml": encrypted,
      "other.yaml": encrypted,
    },
  });
  t.match(await run(path.join(folder, "judged"), "--fix"), { exitCode: 1, out: /YAML11/ });
  const read = (file: string) => readFileSync(path.join(folder, file), "utf8");
  t.equal(read("outside/web.yaml"), text);
  t.equal(read("judged/other.sops.yaml"), encrypted);
  t.equal(read("judged/other.yaml"), encrypted);
});

/** Keeps to what kubectl does: refuses by exit code 1 and a line on stderr. */
const fakeKubectl = `#!/bin/sh
object=$(cat)
case $object in
*127.0.0.1*)
  echo 'Error from server (Invalid): Service "web" is invalid: spec.externalIPs[0]: Invalid value: "127.0.0.1"' >&2
  exit 1
  ;;
*7001*)
  echo 'The connection to the server 192.0.2.1:6443 was refused - did you specify the right host or port?' >&2
  exit 1
  ;;
esac
`;

t.test("--server tells what the cluster refuses of what is right", async (t) => {
  const programs = t.testdir({});
  writeFileSync(path.join(programs, "kubectl"), fakeKubectl, { mode: 0o755 });
  const folder = path.join(programs, "judged");
  mkdirSync(folder);
  const refused = web.replace("spec:", "spec:\n  externalIPs: [127.0.0.1]");
  writeFileSync(path.join(folder, "web.yaml"), refused.replace("port:", "ports:"));
  writeFileSync(path.join(folder, "wrong.yaml"), refused);
  setVariables(t, { PATH: `${programs}:${process.env["PATH"]}` });
  const { exitCode, out } = await run(folder, "--server");
  t.equal(exitCode, 1);
  t.match(out, /^web\.yaml:4:9: the cluster does not take Service "web" {2}\[SERVER_REFUSED\]/m);
  t.match(out, /spec\.externalIPs\[0\]: Invalid value: "127\.0\.0\.1"/);
  t.equal(out.match(/SERVER_REFUSED/g)?.length, 1, "what is wrong is not sent");
  writeFileSync(
    path.join(folder, "web.yaml"),
    web.replace("port:", "ports:").replace("80", "7001"),
  );
  t.match(await run(folder, "--server"), { exitCode: 4, err: /KUBECTL_FAILED/ });
});
