import { readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { planArgocdImages } from "../../lab/argocd-images.ts";
import { componentGroups } from "../../lab/component-groups.ts";
import { findModuleVersion } from "../../lab/plan-components.ts";
import { repositoryRoot } from "../../lib/config/paths.ts";

const names = ["argocd", "kustomize", "ksops"];
const goMod = readFileSync(path.join(repositoryRoot, "lab/components/argocd/go.mod"), "utf8");
const version = findModuleVersion(goMod, "github.com/argoproj/argo-cd/v3") ?? "";

const images = planArgocdImages({
  programs: Object.fromEntries(names.map((name) => [name, `/cache/${name}`])),
  versions: { argocd: version },
  debian: { shell: "/shell", shellVersion: "1", certificates: "/certificates" },
  files: { argocd: "/argocd-root", redis: "/redis-root" },
  scripts: "/scripts",
});

t.test("the images have upstream's names, Argo CD's with the version that is built", async (t) => {
  t.strictSame(
    images.map(({ name }) => name.replace(/:.*$/, "")),
    [
      "quay.io/argoproj/argocd",
      "public.ecr.aws/docker/library/redis",
      "docker.io/viaductoss/ksops",
    ],
  );
  t.match(images[0]?.name, new RegExp(`:${version}$`));
});

t.test("what runs as nobody in particular does not run as root", async (t) => {
  for (const { name, user } of images) t.match(user, /^[1-9]\d*:[1-9]\d*$/, name);
});

t.test("no program hides a folder of the layers before it", async (t) => {
  for (const { layers } of images) {
    const places = layers.map(([, to]) => to).filter((to) => to !== "/");
    t.strictSame([...new Set(places)], places);
    for (const place of places) t.match(place, /^\/(usr\/local\/bin|etc\/ssl\/certs)(\/[\w.-]+)?$/);
  }
});

t.test("the stand-in for KSOPS is built where its image takes it from", async (t) => {
  const group = componentGroups.find(({ name }) => name === "ksops");
  t.equal(group?.folder, "ksops");
  t.strictSame(images[2]?.layers.at(-1), ["/cache/ksops", "/usr/local/bin/ksops"]);
});
