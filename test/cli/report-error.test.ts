import t from "tap";
import { describeFailure, renderReport, renderStack } from "../../lib/cli/report-error.ts";
import { InfraError } from "../../lib/errors.ts";

t.test("all parts, one under the other", async (t) => {
  const error = new InfraError({
    code: "INVENTORY_HOST_UNKNOWN",
    message: 'target node "vps-vultr-2" is not in the inventory',
    where: { file: "ansible/inventory/hosts.yml", line: 9, column: 5 },
    why: "known hosts: vps-hetzner-1\nand vps-vultr-1\n  (a worker)\n",
    fix: "did you mean --target-node vps-vultr-1 ?",
  });
  t.equal(
    renderReport(describeFailure(error)),
    `error: target node "vps-vultr-2" is not in the inventory  [INVENTORY_HOST_UNKNOWN]
  at   ansible/inventory/hosts.yml:9:5
  why  known hosts: vps-hetzner-1
       and vps-vultr-1
         (a worker)
  fix  did you mean --target-node vps-vultr-1 ?
`,
  );
});

t.test("only what is there", async (t) => {
  const bare = new InfraError({ code: "A_B", message: "no" });
  t.equal(renderReport(describeFailure(bare)), "error: no  [A_B]\n");
  t.same(describeFailure(bare), { code: "A_B", message: "no" });
  const place = new InfraError({ code: "A_B", message: "no", where: { file: "a.yaml", line: 3 } });
  t.equal(renderReport(describeFailure(place)), "error: no  [A_B]\n  at   a.yaml:3\n");
});

t.test("lines that are indented already do not move further", async (t) => {
  const fix = "Finish it first: a\n       or undo it:     b";
  t.equal(
    renderReport({ code: "A_B", message: "no", fix }),
    "error: no  [A_B]\n  fix  Finish it first: a\n       or undo it:     b\n",
  );
});

t.test("nothing moves the cursor", async (t) => {
  const why = "\u001B[2Jgone\r\nnext\u0007";
  t.equal(
    renderReport({ code: "A_B", message: "no", why }),
    "error: no  [A_B]\n  why  [2Jgone\n       next\n",
  );
});

t.test("anything else is a defect of ours, without its stack", async (t) => {
  for (const [thrown, what] of [
    [new TypeError("x is not a function"), "TypeError: x is not a function"],
    ["text", "text"],
    [undefined, "undefined"],
    [null, "null"],
  ] as const) {
    const report = describeFailure(thrown);
    t.equal(report.code, "INFRA_DEFECT");
    t.equal(report.why, `${what}\nNode ${process.version} on ${process.platform} ${process.arch}`);
    t.match(report.fix, /Report it/);
    t.notMatch(renderReport(report), /^ +at /m);
  }
});

t.test("the stack goes on to the causes and ends where they meet", async (t) => {
  const cause = new Error("inner");
  const outer = new Error("outer", { cause });
  cause.cause = outer;
  t.match(renderStack(outer), /^Error: outer\n {4}at [^]*\ncaused by Error: inner\n {4}at /);
  t.equal(renderStack("text"), "text\n");
});
