import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { parse } from "yaml";
import { componentGroups } from "../../lab/component-groups.ts";
import { findModuleVersion } from "../../lab/plan-components.ts";

const root = path.resolve(import.meta.dirname, "../..");

/** Which program of the lab has which key of config/versions.yaml. */
const programs = {
  k3s: "kubernetes",
  velero: "velero",
  externalDns: "external-dns",
  veleroPluginForAws: "velero-plugin-for-aws",
  kopia: "kopia",
  localPathProvisioner: "local-path-provisioner",
  opentofu: "tofu",
  tailscale: "tailscale",
};

t.test("the lab builds what config/versions.yaml says", async (t) => {
  const file = path.join(root, "config/versions.yaml");
  const { versions } = parse(readFileSync(file, "utf8")) as {
    versions: Record<string, { version: string }>;
  };
  for (const [key, name] of Object.entries(programs)) {
    const group = componentGroups.find((one) => one.programs.some(({ file: f }) => f === name));
    const program = group?.programs.find(({ file: f }) => f === name);
    if (group === undefined || program === undefined) throw new Error(`the lab has no ${name}`);
    const goMod = `lab/components/${group.name}/go.mod`;
    const built = findModuleVersion(readFileSync(path.join(root, goMod), "utf8"), program.module);
    const wanted = versions[key]?.version.replace(/^v/, "");
    t.equal(
      `${built}${program.versionSuffix ?? ""}`,
      `v${wanted}`,
      `${program.module} in ${goMod} is versions.${key}.version of config/versions.yaml`,
    );
  }
});

t.test("what decrypts in the cluster is the sops that encrypts", async (t) => {
  const versions = ["lab/ksops/go.mod", "lab/components/sops/go.mod"].map((goMod) =>
    findModuleVersion(readFileSync(path.join(root, goMod), "utf8"), "github.com/getsops/sops/v3"),
  );
  t.match(versions[0], /^v3\./);
  t.equal(versions[0], versions[1]);
});
