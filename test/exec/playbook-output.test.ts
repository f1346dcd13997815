import t from "tap";
import { findFailures, parseLine, type PlaybookLine } from "../../lib/exec/playbook-output.ts";

const parseAll = (...lines: string[]): PlaybookLine[] =>
  lines.flatMap((line) => parseLine(line) ?? []);

const recap = (host: string, failed: number) =>
  `${host}   : ok=16   changed=2    unreachable=0    failed=${failed}    skipped=3    rescued=0    ignored=0   `;

t.test("plays, tasks and the recap", async (t) => {
  t.strictSame(
    parseAll(
      "PLAY [Prepare the nodes] *******************************************************",
      "TASK [k3s-prereq : Check the host] ****",
      "ok: [vps-aws-1] => (item=k3s)",
      "PLAY RECAP *********************************************************************",
      recap("vps-aws-1", 0),
      "vps-vultr-1 : ok=0 changed=0 unreachable=1 failed=0 skipped=0 rescued=0 ignored=0 ",
    ),
    [
      { kind: "play", name: "Prepare the nodes" },
      { kind: "task", name: "k3s-prereq : Check the host" },
      { kind: "recap", host: "vps-aws-1", ok: 16, changed: 2, failed: 0 },
      { kind: "recap", host: "vps-vultr-1", ok: 0, changed: 0, failed: 1 },
    ],
  );
});

t.test("what a failed task says, on one host or on behalf of it elsewhere", async (t) => {
  const lines = parseAll(
    "TASK [a] ***",
    'fatal: [one]: FAILED! => {"changed": false, "msg": "no\\nroom"}',
    'fatal: [two -> localhost]: FAILED! => {"msg": "not there"}',
    'fatal: [three]: UNREACHABLE! => {"changed": false, "msg": "Failed to connect", "unreachable": true}',
    'fatal: [four]: FAILED! => {"cmd": ["x"], "msg": "non-zero return code", "stderr": "x: bad"}',
  );
  t.strictSame(findFailures(lines), [
    { host: "one", task: "a", message: "no\nroom" },
    { host: "two", task: "a", message: "not there" },
    { host: "three", task: "a", message: "Failed to connect" },
    { host: "four", task: "a", message: "non-zero return code\nx: bad" },
  ]);
});

t.test("of a loop, what its item says", async (t) => {
  const lines = parseAll(
    "TASK [Download files] ***",
    "changed: [one] => (item=restore.tar)",
    'failed: [one] (item=k3s) => {"item": {"url": "x"}, "msg": "The checksum did not match"}',
    'fatal: [one]: FAILED! => {"msg": "One or more items failed"}',
    // What Ansible says of one host on behalf of another, and no line for the whole loop.
    'failed: [two -> localhost] (item=k3s) => {"msg": "not there"}',
    "ok: [two] => (item=restore.tar)",
  );
  t.strictSame(findFailures(lines), [
    { host: "one", task: "Download files", message: "The checksum did not match" },
    { host: "two", task: "Download files", message: "not there" },
  ]);
});

t.test("what a host got over is not among them, its last failure is", async (t) => {
  const lines = parseAll(
    "TASK [Start k3s] ***",
    'fatal: [one]: FAILED! => {"msg": "job failed"}',
    'fatal: [two]: FAILED! => {"msg": "job failed"}',
    "TASK [Tell why] ***",
    'fatal: [two]: FAILED! => {"msg": "it said: bad token"}',
    recap("one", 0),
    recap("two", 1),
  );
  t.strictSame(findFailures(lines), [
    { host: "two", task: "Tell why", message: "it said: bad token" },
  ]);
});

t.test("a result that is no JSON is shown as it is", async (t) => {
  const lines = parseAll("fatal: [one]: FAILED! => {broken}");
  t.match(findFailures(lines), [{ message: "{broken}" }]);
});
