import type { Versions } from "../config/versions.ts";
import { parseImage } from "../manifests/images.ts";
import { kustomizationKinds } from "../manifests/kustomization.ts";
import {
  describeKind,
  type Fields,
  getList,
  getText,
  type Manifest,
} from "../manifests/manifest.ts";
import { findPodTemplate, listContainers, podKinds } from "../manifests/pods.ts";
import type { DataPath } from "../schema/explain.ts";
import { applicationKinds } from "./argo/applications.ts";

/** The components of config/versions.yaml that manifests pin too. */
export type PinnedComponent = Extract<
  keyof Versions,
  "k3s" | "velero" | "veleroPluginForAws" | "localPathProvisioner"
>;

/** A version of a component, where it is pinned. */
export interface Pin {
  component: PinnedComponent;
  /** As it is written: an image's tag, or a ref. */
  version: string;
  /** What it was read from, for messages. */
  text: string;
  at: DataPath;
}

/** What each component is pinned by: images, without their registry, and repositories on GitHub. */
const names: Readonly<Record<PinnedComponent, { images: string[]; repositories: string[] }>> = {
  k3s: { images: ["rancher/k3s"], repositories: ["k3s-io/k3s"] },
  velero: { images: ["velero/velero"], repositories: ["vmware-tanzu/velero", "velero-io/velero"] },
  veleroPluginForAws: {
    images: ["velero/velero-plugin-for-aws"],
    repositories: ["vmware-tanzu/velero-plugin-for-aws", "velero-io/velero-plugin-for-aws"],
  },
  localPathProvisioner: {
    images: ["rancher/local-path-provisioner"],
    repositories: ["rancher/local-path-provisioner"],
  },
};

/** What every text with one of these images has in it: nearly all texts have none. */
const likely = /velero\/velero|rancher\//;

const components = Object.entries(names) as [PinnedComponent, (typeof names)["k3s"]][];
const byRepository = new Map(
  components.flatMap(([component, { repositories }]) =>
    repositories.map((one) => [one, component] as const),
  ),
);

const planKind = "upgrade.cattle.io/Plan";
const chartKinds = ["helm.cattle.io/HelmChart", "helm.cattle.io/HelmChartConfig"];

/** The kinds that pin versions, as describeKind writes them. */
export const pinningKinds = [
  ...podKinds,
  ...kustomizationKinds,
  ...applicationKinds,
  ...chartKinds,
  planKind,
];

/** The versions that an object pins. */
export function listPins(manifest: Manifest): Pin[] {
  const pod = findPodTemplate(manifest);
  if (pod !== undefined) {
    return listContainers(pod).flatMap(({ at, fields }) =>
      readImage(getText(fields, "image"), [...at, "image"]),
    );
  }
  const kind = describeKind(manifest);
  if (kind === planKind) return readPlan(manifest.value);
  if (!pinningKinds.includes(kind)) return [];
  return [...listImagesOfKustomization(manifest.value), ...listBelow(manifest.value, [])];
}

/** The plan of k3s's system-upgrade-controller (https://docs.k3s.io/upgrades/automated). */
function readPlan(value: Fields): Pin[] {
  const version = getText(value, "spec", "version");
  const image = getText(value, "spec", "upgrade", "image") ?? "";
  if (version === undefined || !/(?:^|\/)rancher\/k3s-upgrade(?::|$)/.test(image)) return [];
  return [{ component: "k3s", version, text: version, at: ["spec", "version"] }];
}

/** What kustomize writes for the tags of images. */
function listImagesOfKustomization(value: Fields): Pin[] {
  return getList(value, "images").flatMap((image, index) => {
    const version = getText(image, "newTag");
    const name = getText(image, "newName") ?? getText(image, "name") ?? "";
    const component = findByImage(name);
    if (version === undefined || component === undefined) return [];
    return [{ component, version, text: version, at: ["images", String(index), "newTag"] }];
  });
}

/** Images and refs in whatever a chart, an Application or a kustomization is given. */
function listBelow(value: unknown, at: DataPath): Pin[] {
  if (typeof value === "string") return [...readImages(value, at), ...readRef(value, at)];
  if (typeof value !== "object" || value === null) return [];
  return [
    ...readParts(value as Fields, at),
    ...Object.entries(value).flatMap(([key, below]) => listBelow(below, [...at, key])),
  ];
}

/** An image of Helm's values, or a Git source of Argo CD, with the version in a field of its own. */
function readParts(fields: Fields, at: DataPath): Pin[] {
  const image = getText(fields, "repository");
  const component =
    image === undefined
      ? byRepository.get(readRepository(getText(fields, "repoURL") ?? ""))
      : findByImage(image);
  const key = image === undefined ? "targetRevision" : "tag";
  const version = getText(fields, key);
  if (component === undefined || version === undefined) return [];
  return [{ component, version, text: version, at: [...at, key] }];
}

/** Every image in a text that may be a whole file of Helm's values. */
function readImages(text: string, at: DataPath): Pin[] {
  if (!likely.test(text)) return [];
  return text
    .split("\n")
    .filter((line) => !/^\s*#/.test(line))
    .flatMap((line) => line.match(/[\w.:/-]+\/[\w-]+:[\w.-]+/g) ?? [])
    .flatMap((image) => readImage(image, at));
}

function readImage(text: string | undefined, at: DataPath): Pin[] {
  if (text === undefined || !likely.test(text)) return [];
  const { name = "", tag } = parseImage(text) ?? {};
  const component = findByImage(name);
  if (component === undefined || tag === undefined) return [];
  return [{ component, version: tag, text, at }];
}

/** A release or a ref of a repository on GitHub, as kustomize takes it in. */
function readRef(text: string, at: DataPath): Pin[] {
  const component = byRepository.get(readRepository(text));
  const version =
    /[?&](?:ref|version)=([^&]+)/.exec(text)?.[1] ??
    /\/releases\/download\/([^/]+)\//.exec(text)?.[1] ??
    /raw\.githubusercontent\.com\/[^/]+\/[^/]+\/(?:refs\/tags\/)?([^/]+)\//.exec(text)?.[1];
  if (component === undefined || version === undefined) return [];
  return [{ component, version: decodeURIComponent(version), text: version, at }];
}

function readRepository(url: string): string {
  const found = /(?:github\.com|raw\.githubusercontent\.com)[:/]([\w.-]+\/[\w.-]+)/.exec(url);
  return found?.[1]?.replace(/\.git$/, "") ?? "";
}

/** The component of an image, whatever registry or mirror it is pulled from. */
function findByImage(name: string): PinnedComponent | undefined {
  return components.find(([, { images }]) =>
    images.some((image) => name === image || name.endsWith(`/${image}`)),
  )?.[0];
}
