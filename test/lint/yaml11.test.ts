import t from "tap";
import { parseYaml } from "../../lib/config/parse-yaml.ts";
import { fixYaml11 } from "../../lib/lint/fix-yaml11.ts";
import { readAsGo, readAsPython, type Yaml11Value } from "../../lib/lint/yaml11.ts";

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

t.test("what is put right means to the cluster what it meant", async (t) => {
  const before = [
    "# yes stays in a comment",
    "spec:   {snapshots: yes , mode:   0644}   # no",
    "text: 'yes'",
    "list:",
    "- Off",
    "-   1_000",
    "- 0b1010",
    "- 0xFF # no difference",
    "- 12:30:00",
    "data:",
    "  on: off",
    "  mode: 0400",
    "env:",
    "- {name: A, value: y}",
    "--- # the next one",
    "mode: 0000",
    "negative: -0o7",
    "last: no",
  ].join("\r\n");
  const after = before
    .replace("snapshots: yes ", "snapshots: true ")
    .replace("mode:   0644", "mode:   0o644")
    .replace("- Off", "- false")
    .replace("-   1_000", "-   1000")
    .replace("- 0b1010", "- 10")
    .replace("on: off", 'on: "off"')
    .replace("mode: 0400", 'mode: "0400"')
    .replace("value: y}", 'value: "y"}')
    .replace("negative: -0o7", "negative: -7")
    .replace("last: no", "last: false");
  t.equal(await fixYaml11(before), after);
  t.equal(await fixYaml11(after), after, "twice is as once");
});
