import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import t, { type Test } from "tap";
import { parseAllDocuments } from "yaml";
import { buildComponents } from "../../lab/build-components.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import { run } from "../../lib/exec/run.ts";

/** Needs Go, and builds sops, kustomize and the stand-in the first time; no hosts. */
const timeout = 1_800_000;

const { folders, programs } = await buildComponents({ only: ["sops", "kustomize", "ksops"] });

for (const verb of ["vet", "test"]) {
  await t.test(`go ${verb} of the KSOPS stand-in`, { timeout }, async (t) => {
    const { status, stdout, stderr } = spawnSync("go", [verb, "./..."], {
      cwd: path.join(repositoryRoot, "lab/ksops"),
      encoding: "utf8",
    });
    t.equal(status, 0, `${stdout}${stderr}`);
  });
}

const secret = `apiVersion: v1
kind: Secret
metadata:
    name: api-token
    namespace: dns
stringData:
    token: "0123"
`;

const generator = `apiVersion: viaduct.ai/v1
kind: ksops
metadata:
  name: secrets
  annotations:
    config.kubernetes.io/function: |
      exec:
        path: ksops
files: [token.sops.yaml]
secretFrom:
  - metadata: { name: made, annotations: { kustomize.config.k8s.io/needs-hash: "true" } }
    files: [text=text.conf]
    binaryFiles: [bytes.bin]
    envs: [values.env]
`;

/** A kustomization whose secrets are encrypted as the project encrypts its own. */
async function createKustomization(t: Test) {
  const folder = t.testdir({
    "kustomization.yaml": "generators: [generator.yaml]\nnamePrefix: lab-\n",
    "generator.yaml": generator,
    plain: {
      "token.sops.yaml": secret,
      "text.conf": "one\n",
      "bytes.bin": "two",
      "values.env": "A=three\n",
    },
  });
  const at = (name: string) => path.join(folder, name);
  await run([programs["age-keygen"] ?? "", "-o", at("keys.txt")]);
  await run([programs["age-keygen"] ?? "", "-o", at("foreign.txt")]);
  const [, recipient = ""] = /public key: (\S+)/.exec(readFileSync(at("keys.txt"), "utf8")) ?? [];
  writeFileSync(
    at(".sops.yaml"),
    `creation_rules:
  - { path_regex: \\.sops\\.yaml$, encrypted_regex: ^(data|stringData)$, mac_only_encrypted: true, age: ${recipient} }
  - { age: ${recipient} }
`,
  );
  for (const name of ["token.sops.yaml", "text.conf", "bytes.bin", "values.env"]) {
    const argv = [programs["sops"] ?? "", "encrypt", at(`plain/${name}`)] as const;
    const env = { HOME: folder, SOPS_DISABLE_VERSION_CHECK: "true" };
    writeFileSync(at(name), (await run(argv, { cwd: folder, env })).stdout);
  }
  const build = async (keys: string) =>
    await run(
      [programs["kustomize"] ?? "", "build", "--enable-alpha-plugins", "--enable-exec", folder],
      {
        env: {
          PATH: `${folders["ksops"]}:/usr/bin:/bin`,
          HOME: folder,
          SOPS_AGE_KEY_FILE: at(keys),
        },
        allowedCodes: [0, 1],
      },
    );
  return { at, build };
}

await t.test("kustomize gets what sops has encrypted", { timeout }, async (t) => {
  const { at, build } = await createKustomization(t);
  const { code, stdout, stderr } = await build("keys.txt");
  t.equal(code, 0, stderr);
  const objects = parseAllDocuments(stdout).map((document) => document.toJS() as unknown);
  t.match(objects, [
    { metadata: { name: "lab-api-token", namespace: "dns" }, stringData: { token: "0123" } },
    {
      kind: "Secret",
      metadata: { name: /^lab-made-[a-z0-9]{10}$/ },
      data: { "bytes.bin": "dHdv" },
      stringData: { text: "one\n", A: "three" },
    },
  ]);
  t.notMatch(stdout, /sops/);
  t.match(readFileSync(at("token.sops.yaml"), "utf8"), /token: ENC\[/);
});

await t.test("a wrong key and a changed file are refused", { timeout }, async (t) => {
  const { at, build } = await createKustomization(t);
  t.match(await build("foreign.txt"), {
    code: 1,
    stdout: "",
    stderr: /ksops: token\.sops\.yaml: /,
  });
  const text = readFileSync(at("token.sops.yaml"), "utf8");
  writeFileSync(at("token.sops.yaml"), text.replace("token: ENC", "renamed: ENC"));
  t.match(await build("keys.txt"), { code: 1, stdout: "", stderr: /ksops: token\.sops\.yaml: / });
});
