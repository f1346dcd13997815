import t from "tap";
import { loadVersions } from "../../lib/config/versions.ts";
import { judge } from "../../lib/lint/judge.ts";
import { loadRules } from "../../lib/lint/rule-sets.ts";
import { buildSettings } from "../../lib/lint/settings.ts";
import { openCatalog } from "../../lib/schema/open-catalog.ts";

const settings = buildSettings(await loadVersions());

const kustomization = `apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
generators:
  - secrets.yaml
`;

function generator(name: string, ...files: string[]): string {
  const list = files.map((file) => `  - ${file}\n`).join("");
  return `apiVersion: viaduct.ai/v1\nkind: ksops\nmetadata:\n  name: ${name}\nfiles:\n${list}`;
}

async function judgeShop(secrets: string, more: Record<string, string> = {}) {
  const texts = {
    "apps/shop/kustomization.yaml": kustomization,
    "apps/shop/secrets.yaml": secrets,
    ...more,
  };
  const sources = Object.entries(texts).map(([file, text]) => ({ file, text }));
  const { findings, counts } = await judge(sources, {
    rules: [],
    loadRules,
    catalog: openCatalog(settings.minor),
    settings,
  });
  const found = findings.map(({ code, where, fix }) => [code, where.line, fix]);
  return { found, count: counts.unmadeSecrets };
}

t.test("where nobody has made secrets, those of ksops are counted, each once", async (t) => {
  const secrets = generator("shop", "./a.sops.yaml", "b.sops.yml", "a.sops.yaml");
  t.strictSame(await judgeShop(secrets), { found: [], count: 2 });
});

t.test("with rules for sops, a file that is not there is a mistake", async (t) => {
  const rules = `creation_rules:
  - path_regex: .\\.sops\\.ya?ml$
    encrypted_regex: ^(data|stringData)$
    mac_only_encrypted: true
    age: [age1a, age1b]
`;
  const { found, count } = await judgeShop(generator("shop", "a.sops.yaml"), {
    ".sops.yaml": rules,
  });
  t.match(found, [["KUSTOMIZATION_PATH_MISSING", 6, /init-secrets\.ts/]]);
  t.equal(count, 0);
});

t.test("what init-secrets would never make is a mistake anyway", async (t) => {
  const { found, count } = await judgeShop(generator("shop", "a.yaml", "a.sops.yaml.bak"));
  t.match(found, [
    ["KUSTOMIZATION_PATH_MISSING", 6],
    ["KUSTOMIZATION_PATH_MISSING", 7],
  ]);
  t.equal(count, 0);
});

t.test("what an app needs is made by hand, and so is a mistake until it is there", async (t) => {
  const folder = "kubernetes/apps/mail";
  const { found, count } = await judgeShop(generator("shop", "a.sops.yaml"), {
    [`${folder}/kustomization.yaml`]: kustomization,
    [`${folder}/secrets.yaml`]: generator("mail", "mail.sops.yaml"),
  });
  t.match(found, [["KUSTOMIZATION_PATH_MISSING", 6, /sops edit/]]);
  t.equal(count, 1);
});
