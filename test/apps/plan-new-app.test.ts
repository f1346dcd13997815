import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { parse } from "yaml";
import { readAppSources } from "../../lib/commands/app-files.ts";
import { type AppRequest, planNewApp, templateFolder } from "../../lib/apps/plan-new-app.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";

const { template } = await readAppSources(repositoryRoot);
const kustomization = "# What is on.\nkind: Kustomization\nresources: []\n";
const sources = { template, kustomization, manifests: new Map<string, string>() };
const shop: AppRequest = { name: "shop", tier: "critical", route: "ingress", hasSecret: false };

async function planFiles(change: Partial<AppRequest> = {}) {
  const { files } = await planNewApp({ ...shop, ...change }, sources);
  return files;
}

const always = [
  "application.yaml",
  "kustomization.yaml",
  "namespace.yaml",
  "network-policy.yaml",
  "service.yaml",
  "workload.yaml",
];

t.test("of the variants in the template the chosen ones are taken, and all listed", async (t) => {
  const cases: [Partial<AppRequest>, string[]][] = [
    [{}, ["route.yaml"]],
    [{ tier: "standard", route: "gateway" }, ["route.yaml"]],
    [{ tier: "stateless", route: "none" }, []],
    [{ route: "none", hasSecret: true }, ["secrets.yaml"]],
  ];
  for (const [change, more] of cases) {
    const files = await planFiles(change);
    t.strictSame(new Set(files.keys()), new Set([...always, ...more]));
    const { resources, generators = [] } = parse(files.get("kustomization.yaml") ?? "");
    const listed = new Set<string>([...resources, ...generators]);
    const own = ["application.yaml", "kustomization.yaml"];
    t.strictSame(listed, new Set([...files.keys()].filter((file) => !own.includes(file))));
  }
});

t.test("no placeholder is left, and the list keeps its comment", async (t) => {
  const app = await planNewApp({ ...shop, hasSecret: true }, sources);
  for (const [file, text] of app.files) t.notMatch(text, /NAME/, file);
  t.equal(app.folder, "kubernetes/apps/shop");
  t.equal(app.kustomization, kustomization.replace(" []", "\n  - shop/application.yaml"));
});

t.test("what a template has of its own is kept", async (t) => {
  const file = "kustomization.yaml";
  const own = new Map(template);
  own.set(file, "resources: [../shared, route.yaml, own.yaml]\n");
  own.set("own.yaml", "# NAME, USERNAME\n");
  const request = { ...shop, route: "none" } as const;
  const { files } = await planNewApp(request, { ...sources, template: own });
  t.strictSame(parse(files.get(file) ?? ""), { resources: ["../shared", "own.yaml"] });
  t.equal(files.get("own.yaml"), "# shop, USERNAME\n");
});

t.test("a critical app is bound to hosts for data, and to none of them", async (t) => {
  const text = (await planFiles()).get("workload.yaml") ?? "";
  const workload = parse(text);
  const matchExpressions = [{ key: "workload/stateful", operator: "In", values: ["true"] }];
  t.strictSame(workload.spec.template.spec.affinity, {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] },
    },
  });
  t.notMatch(text, /hostname|zone|nodeName|nodeSelector:/);
  t.equal(workload.spec.template.metadata.labels["infra-k3s.io/backup"], "critical");
});

t.test("a standard app differs from a critical one in label and affinity only", async (t) => {
  const critical = parse((await planFiles()).get("workload.yaml") ?? "");
  const standard = parse((await planFiles({ tier: "standard" })).get("workload.yaml") ?? "");
  delete critical.spec.template.metadata.labels["infra-k3s.io/backup"];
  delete critical.spec.template.spec.affinity;
  t.strictSame(standard, critical);
});

t.test("a stateless app has no volume, and leaves a lost host after 30 s", async (t) => {
  const text = (await planFiles({ tier: "stateless" })).get("workload.yaml") ?? "";
  const { kind, spec } = parse(text);
  t.match({ kind, replicas: spec.replicas }, { kind: "Deployment", replicas: 2 });
  t.strictSame(spec.template.spec.volumes, [{ name: "tmp", emptyDir: {} }]);
  t.match(spec.template.spec.tolerations, [{ tolerationSeconds: 30 }, { tolerationSeconds: 30 }]);
});

t.test("what holds data is never pruned", async (t) => {
  const metadata = {
    annotations: { "argocd.argoproj.io/sync-options": "Prune=false,Delete=false" },
  };
  for (const tier of ["critical", "standard"] as const) {
    const files = await planFiles({ tier });
    t.match(parse(files.get("namespace.yaml") ?? ""), { metadata });
    const { spec } = parse(files.get("workload.yaml") ?? "");
    t.match(spec.volumeClaimTemplates, [{ metadata }]);
  }
});

t.test("a template without a part that is needed is refused", async (t) => {
  for (const file of ["workload.critical.yaml", "route.ingress.yaml", "application.yaml"]) {
    const rest = new Map(template);
    rest.delete(file);
    await t.rejects(planNewApp(shop, { ...sources, template: rest }), {
      code: "APP_TEMPLATE_INCOMPLETE",
      message: `the template has no ${file}`,
    });
  }
});

t.test("the Application of the template is as those of the infrastructure", async (t) => {
  const read = (file: string) => readFileSync(path.join(repositoryRoot, file), "utf8");
  const own = parse(read(`${templateFolder}/application.yaml`));
  const other = parse(read("kubernetes/infrastructure/cert-manager/application.yaml"));
  t.strictSame(own.spec.syncPolicy, other.spec.syncPolicy);
  t.equal(own.spec.source.repoURL, other.spec.source.repoURL);
  t.equal(own.spec.source.targetRevision, other.spec.source.targetRevision);
});
