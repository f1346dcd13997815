import t from "tap";
import { updateSchemas } from "../../lib/commands/update-schemas.ts";
import { exitCodes, hasCode } from "../../lib/errors.ts";
import { setVariables } from "../support/environment.ts";
import { createFakeTerminal } from "../support/fake-terminal.ts";

const input = { flags: { check: true, json: false, verbose: false }, rest: [], operand: undefined };

t.test("the schemas are as their sources make them", async (t) => {
  // Only what is on this machine already: a test asks no server.
  setVariables(t, { GOPROXY: "off" });
  const terminal = createFakeTerminal();
  try {
    const result = await updateSchemas.run(input, terminal);
    t.strictSame([result.text, result.exitCode], ["", exitCodes.done]);
    t.match(terminal.stderr, /^reading Kubernetes 1\.\d+ from k8s\.io\/kubernetes v1/m);
  } catch (error) {
    if (!hasCode(error, "EXEC_MISSING", "GO_MODULE_MISSING")) throw error;
    t.plan(0, `needs go, unzip and the modules of sources.yaml: ${(error as Error).message}`);
  }
});
