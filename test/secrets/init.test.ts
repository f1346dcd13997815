import { existsSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { garble, useStandIns, writePrograms } from "../support/secret-programs.ts";

useStandIns();
const { createSecretsPlace } = await import("../support/secrets-place.ts");
const { checkSecrets } = await import("../support/secrets-scenarios.ts");
const { checkClusterKey } = await import("../support/cluster-key-scenarios.ts");
const programs = writePrograms(path.join(t.testdir({}), "bin"));

await t.test("with stand-ins for age-keygen, sops and ansible-vault", async (t) => {
  await checkSecrets(t, programs);
});

await t.test("the cluster's key, with the same stand-ins", async (t) => {
  await checkClusterKey(t, programs);
});

t.test("what does not come back as it was is not written", async (t) => {
  for (const [name, file] of [
    ["sops", "kubernetes/bootstrap/argocd/age-key.sops.yaml"],
    ["ansible-vault", "inventory/group_vars/all/vault.yml"],
  ] as const) {
    // Each value that ends with a digit comes back with another end.
    garble.set(name, (stdout) => stdout.replaceAll(/(?<!\\)[0-9a-z]"/g, '_"'));
    const place = await createSecretsPlace(t, programs);
    const { exitCode, stderr } = await place.init();
    garble.clear();
    t.equal(exitCode, 4, stderr);
    t.match(stderr, /SECRETS_PROOF_FAILED/);
    t.notOk(existsSync(place.path(file)), `${file} is not there`);
  }
});
