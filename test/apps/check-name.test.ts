import t from "tap";
import { checkAppName, checkAppNameFree } from "../../lib/apps/check-name.ts";

t.test("names that a namespace, a Service and YAML take", async (t) => {
  for (const name of ["shop", "a", "photo-album-2", "x".repeat(52)]) {
    t.doesNotThrow(() => checkAppName(name), name);
  }
  const wrong = ["", "Shop", "-shop", "shop-", "2shop", "a.b", "a_b", "../shop", "shöp", "a b"];
  for (const name of [...wrong, "x".repeat(53), "on", "null", "templates"]) {
    t.throws(() => checkAppName(name), { code: "APP_NAME_INVALID" }, name);
  }
});

const object = (kind: string, name: string) =>
  `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: ${name}\n`;

t.test("a name that something has is refused, with what has it", async (t) => {
  const files = new Map([
    ["kubernetes/a.yaml", object("ConfigMap", "shop")],
    ["kubernetes/b.yaml", `${object("Namespace", "mail")}---\n${object("Namespace", "wiki")}`],
    ["kubernetes/c.yaml", `# not plain\n${object("Application", "'blog'")}x: &a 1\n`],
  ]);
  await t.resolves(checkAppNameFree("shop", files));
  await t.resolves(checkAppNameFree("wik", files));
  const code = "APP_NAME_TAKEN";
  await t.rejects(checkAppNameFree("wiki", files), { code, why: /b\.yaml.*Namespace/ });
  await t.rejects(checkAppNameFree("blog", files), { code, why: /c\.yaml.*Application/ });
  for (const name of ["default", "kube-shop", "infra-k3s"]) {
    await t.rejects(checkAppNameFree(name, files), { code }, name);
  }
});
