import t from "tap";
import { parseYaml } from "../../lib/config/parse-yaml.ts";
import { loadVersions } from "../../lib/config/versions.ts";
import { fixYaml11 } from "../../lib/lint/fix-yaml11.ts";
import { buildSettings } from "../../lib/lint/settings.ts";
import { readAsGo, readAsPython, type Yaml11Value } from "../../lib/lint/yaml11.ts";
import { openCatalog } from "../../lib/schema/open-catalog.ts";
import { createFixtureJudge } from "../support/lint-fixtures.ts";

/** What sigs.k8s.io/yaml 1.6.0 and PyYAML 6.0.3 really make of a value; undefined as YAML 1.2. */
const measured: Record<string, [go: Yaml11Value | undefined, python: Yaml11Value | undefined]> = {
  yes: [true, true],
  y: [true, undefined],
  N: [false, undefined],
  Off: [false, false],
  oN: [undefined, undefined],
  "0644": [420, 420],
  "0o644": [undefined, "0o644"],
  "0O644": [420, undefined],
  "-0o7": [-7, undefined],
  "0999": [undefined, "0999"],
  "12:30:00": [undefined, 45000],
  "2222:22": [undefined, 133342],
  "1:60": [undefined, undefined],
  "190:20:30.15": [undefined, 685230.15],
  "1_000": [1000, 1000],
  "1_000.5": [1000.5, 1000.5],
  "1_": [1, 1],
  "0_7": [7, 7],
  ".1_0": [0.1, 0.1],
  "._1": [undefined, undefined],
  "0b1010": [10, 10],
  "0b12": [undefined, undefined],
  "0B1": [1, undefined],
  "0XFF": [255, undefined],
  "0xFF": [undefined, undefined],
  "-0xF": [-15, -15],
  "0x_f": [15, 15],
  "=": [undefined, "error"],
  "2001-12-14": [undefined, undefined],
  "1e3": [undefined, "1e3"],
  "1.5e3": [undefined, "1.5e3"],
  "1.5e+3": [undefined, undefined],
  "1e1_0": [10000000000, undefined],
  "+.5": [undefined, "+.5"],
  "00": [undefined, undefined],
  "-0": [undefined, undefined],
  "0.": [undefined, undefined],
  "1.5.0": [undefined, undefined],
  "18446744073709551616": [undefined, undefined],
  ".inf": [undefined, undefined],
  "~": [undefined, undefined],
  true: [undefined, undefined],
};

t.test("both readers of YAML 1.1 read what they were seen to read", async (t) => {
  for (const [text, [go, python]] of Object.entries(measured)) {
    const { value } = await parseYaml(`key: ${text}\n`, "test.yaml");
    const { key } = value as { key: unknown };
    t.equal(readAsGo(text, key), go, `Go: ${text}`);
    t.equal(readAsPython(text, key), python, `Python: ${text}`);
  }
});

const catalog = openCatalog(buildSettings(await loadVersions()).minor);

t.test("what is put right is what the schema of the object wants", async (t) => {
  const before = [
    "# yes stays in a comment",
    "apiVersion: v1",
    "kind: Pod",
    "metadata: {name: n, labels: {tracing: Off }}   # no",
    "spec:",
    "  hostNetwork:   no # 'yes'",
    "  terminationGracePeriodSeconds: 1_000",
    "  priority: -0o7",
    "  containers:",
    "  -   name: n",
    "      args: [--log, y, 12:30:00]",
    "      env:",
    "      - {name: N, value: n}",
    "      securityContext: {runAsUser: 0755, privileged: off}",
    "      readinessProbe: {httpGet: {port: 0b11}}",
    "  volumes: [{name: on, configMap: {name: 'y', defaultMode: 0644}}]",
    "--- # the next one",
    "apiVersion: v1",
    "kind: ConfigMap",
    "metadata: {name: settings}",
    "data:",
    "  on: off",
    "  mode: 0400",
    "---",
    "apiVersion: velero.io/v1",
    "kind: Backup",
    "metadata: {name: shop}",
    "spec: {defaultVolumesToFsBackup: yes}",
  ].join("\r\n");
  const after = before
    .replace("{name: n, labels: {tracing: Off }}", '{name: "n", labels: {tracing: "Off" }}')
    .replace("hostNetwork:   no", "hostNetwork:   false")
    .replace("1_000", "1000")
    .replace("-0o7", "-7")
    .replace("-   name: n", '-   name: "n"')
    .replace("[--log, y,", '[--log, "y",')
    .replace("{name: N, value: n}", '{name: "N", value: "n"}')
    .replace("0755, privileged: off", "0o755, privileged: false")
    .replace("[{name: on", '[{name: "on"')
    .replace("on: off", 'on: "off"')
    .replace("mode: 0400", 'mode: "0400"')
    .replace("Backup: yes", "Backup: true");
  t.equal(await fixYaml11(before, catalog), after);
  t.equal(await fixYaml11(after, catalog), after, "twice is as once");
});

t.test("what no schema tells stays as it is", async (t) => {
  const texts = [
    "installCRDs: yes\ndata: {enabled: no}\nname: n\n",
    "apiVersion: example.org/v1\nkind: Unknown\nmetadata: {name: web}\nspec: {name: n, on: off}\n",
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{targetPort: 0x_f}]}\n",
  ];
  for (const text of texts) t.equal(await fixYaml11(text, catalog), text);
});

t.test("the advice is what --fix writes", async (t) => {
  const judgeText = await createFixtureJudge();
  const findings = await judgeText(
    `apiVersion: velero.io/v1
kind: Backup
metadata:
  name: n
  namespace: velero
spec:
  defaultVolumesToFsBackup: yes
  includedNamespaces: [n]
`,
  );
  const advice = findings.filter(({ rule }) => rule === "yaml11-scalar").map(({ fix }) => fix);
  t.strictSame(advice, ["Put it in quotes", "Write true", "Put it in quotes"]);
});
