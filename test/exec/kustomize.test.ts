import { chmodSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { findKustomize } from "../../lib/exec/kustomize.ts";

const built = {
  "kustomize-0123456789abcdef": { kustomize: "" },
  "kubernetes-0123456789abcdef": { kubectl: "" },
};

t.test("kustomize is looked for before kubectl, and on the PATH before the lab", async (t) => {
  const folder = t.testdir({
    path: { kustomize: "", kubectl: "" },
    empty: {},
    cache: { "infra-k3s": { lab: built } },
  });
  const at = (...parts: string[]) => path.join(folder, ...parts);
  for (const name of ["kustomize", "kubectl"]) chmodSync(at("path", name), 0o755);
  const find = async (PATH: string, XDG_CACHE_HOME: string) =>
    await findKustomize({ PATH, XDG_CACHE_HOME });

  t.strictSame(await find(at("path"), at("cache")), [at("path/kustomize"), "build"]);
  t.strictSame(await find(at("empty"), at("cache")), [
    at("cache/infra-k3s/lab/kustomize-0123456789abcdef/kustomize"),
    "build",
  ]);
  t.equal(await find(at("empty"), at("empty")), undefined);
});

t.test("kubectl will do, that of the lab too", async (t) => {
  const { "kubernetes-0123456789abcdef": kubernetes } = built;
  const folder = t.testdir({
    path: { kubectl: "" },
    empty: {},
    cache: { "infra-k3s": { lab: { "kubernetes-0123456789abcdef": kubernetes } } },
  });
  const at = (...parts: string[]) => path.join(folder, ...parts);
  chmodSync(at("path/kubectl"), 0o755);
  const find = async (PATH: string) => await findKustomize({ PATH, XDG_CACHE_HOME: at("cache") });
  t.strictSame(await find(at("path")), [at("path/kubectl"), "kustomize"]);
  t.strictSame(await find(at("empty")), [
    at("cache/infra-k3s/lab/kubernetes-0123456789abcdef/kubectl"),
    "kustomize",
  ]);
});
