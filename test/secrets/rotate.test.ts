import path from "node:path";
import t from "tap";
import { garble, useStandIns, writePrograms } from "../support/secret-programs.ts";

useStandIns();
const { createSecretsPlace, readTree } = await import("../support/secrets-place.ts");
const { checkReaders } = await import("../support/rotation-scenarios.ts");
const { checkClusterRotation } = await import("../support/cluster-rotation-scenarios.ts");
const programs = writePrograms(path.join(t.testdir({}), "bin"));

await t.test("with stand-ins for age-keygen, sops and ansible-vault", async (t) => {
  await checkReaders(t, programs);
});

await t.test("a new key for the cluster, with the same stand-ins", async (t) => {
  await checkClusterRotation(t, programs);
});

await t.test("what does not come back as it was is not written", async (t) => {
  const place = await createSecretsPlace(t, programs);
  await place.init();
  const before = readTree(place.folder);
  for (const [what, spoil] of [
    ["a value", (text: string) => text.replace(/data:[0-9a-f]{2}/, "data:21")],
    ["a reader", (text: string) => text.replace(/age1\w{58}/, `age1${"z".repeat(58)}`)],
  ] as const) {
    // Of what sops answers only the result of rotate has its metadata in it, and is no JSON.
    garble.set("sops", (stdout) => (stdout.startsWith("{") ? stdout : spoil(stdout)));
    const { exitCode, stderr } = await place.rotate(["--what", "data-keys", "--confirm", "test"]);
    garble.clear();
    t.match([exitCode, stderr], [4, /SECRETS_(PROOF_FAILED|FILE_CHANGED)/], what);
    t.strictSame(readTree(place.folder), before, what);
  }
});
