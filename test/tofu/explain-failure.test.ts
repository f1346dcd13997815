import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { explainFailure } from "../../lib/tofu/explain-failure.ts";

/** What the real tofu wrote. */
const folder = path.join(repositoryRoot, "test/fixtures/tofu/says");

const failures = {
  locked: {
    code: "TOFU_STATE_LOCKED",
    message: "another run of tofu holds the lock of its state; nothing was changed",
    why: "ada@laptop has held it since 2026-11-29 21:25:07.10668621 +0000 UTC, for OperationTypeApply",
    fix: /force-unlock 33524030-4b98-1094-562a-d3fb97b55d62$/,
    exitCode: 3,
  },
  stale: { code: "TOFU_PLAN_STALE", exitCode: 3 },
  "not-initialized": { code: "TOFU_NOT_INITIALIZED", fix: /tofu -chdir=tofu init/, exitCode: 2 },
  "other-passphrase": { code: "TOFU_STATE_KEY", why: /TF_VAR_state_passphrase/, exitCode: 2 },
  "in-clear": { code: "TOFU_STATE_KEY", message: /is not encrypted/, exitCode: 2 },
};

for (const [name, wanted] of Object.entries(failures)) {
  t.match(explainFailure("plan", readFileSync(path.join(folder, `${name}.txt`), "utf8")), wanted);
}

t.test("a lock that cannot be asked for is not somebody's", async (t) => {
  const text = "Error: Error acquiring the state lock\n\nError message: no route to host\n";
  const failure = explainFailure("plan", text);
  t.match(failure, { code: "TOFU_FAILED", why: /no route to host/ });
});

t.test("init is not told to init", async (t) => {
  const failure = explainFailure("init", "Error: Module not installed\n");
  t.match(failure, { code: "TOFU_FAILED", why: "Error: Module not installed" });
});

t.test("of anything else the last lines are told", async (t) => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`);
  t.equal(explainFailure("plan", lines.join("\n\n")).why, lines.slice(-8).join("\n"));
  t.match(explainFailure("apply", ""), { why: "it does not say why", message: /may be done/ });
});
