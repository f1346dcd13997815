import type { DataPath } from "../schema/explain.ts";
import { describeKind, getFields, getList, getText, type Manifest } from "./manifest.ts";

/** A DNS name that external-dns makes a record for. */
export interface Hostname {
  at: DataPath;
  name: string;
  /** Undefined where the target decides: an address or a name. */
  type?: string;
  /** Whether the object is for external-dns, whatever else it may be for. */
  isExplicit: boolean;
}

/** Those of before, external-dns.alpha.kubernetes.io, it reads with --enable-legacy-annotation-prefix only. */
const prefix = "external-dns.kubernetes.io/";
const annotations = [`${prefix}hostname`, `${prefix}internal-hostname`];

/** What external-dns calls itself; an object that is for another controller is none of its own. */
const ownController = "dns-controller";

const routeKinds = ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute"].map(
  (kind) => `gateway.networking.k8s.io/${kind}`,
);

/** The kinds that external-dns takes names from. */
export const hostnameKinds = [
  "Service",
  "networking.k8s.io/Ingress",
  "gateway.networking.k8s.io/Gateway",
  ...routeKinds,
  "traefik.io/IngressRoute",
  "externaldns.k8s.io/DNSEndpoint",
];

/** The names that external-dns would make records for (external-dns: source/). */
export function listHostnames(manifest: Manifest): Hostname[] {
  const kind = describeKind(manifest);
  if (!hostnameKinds.includes(kind)) return [];
  const own = getFields(manifest.value, "metadata", "annotations");
  const controller = own[`${prefix}controller`];
  if (controller !== undefined && controller !== ownController) return [];
  const source =
    own[`${prefix}${kind.startsWith("gateway") ? "gateway" : "ingress"}-hostname-source`];
  return [
    ...(source === "defined-hosts-only" ? [] : listAnnotated(manifest)),
    ...(source === "annotation-only" ? [] : listDefined(manifest, kind)),
  ].filter(({ name }) => name !== "");
}

function listAnnotated({ value }: Manifest): Hostname[] {
  return annotations.flatMap((key) =>
    (getText(value, "metadata", "annotations", key) ?? "").split(",").map((name) => ({
      at: ["metadata", "annotations", key],
      name: name.trim(),
      isExplicit: true,
    })),
  );
}

function listDefined({ value }: Manifest, kind: string): Hostname[] {
  switch (kind) {
    case "networking.k8s.io/Ingress":
      return [
        ...listAt(value, ["spec", "rules"], "host"),
        ...getList(value, "spec", "tls").flatMap((_, index) =>
          listAt(value, ["spec", "tls", String(index), "hosts"]),
        ),
      ];
    case "gateway.networking.k8s.io/Gateway":
      // A wildcard of a listener takes routes, which have names of their own.
      return listAt(value, ["spec", "listeners"], "hostname").filter(
        ({ name }) => !name.startsWith("*"),
      );
    case "traefik.io/IngressRoute":
      return listAt(value, ["spec", "routes"], "match").flatMap(({ at, name: match }) =>
        [...match.matchAll(/(?<!\w)Host\(([^)]*)\)/g)].flatMap(([, hosts = ""]) =>
          [...hosts.matchAll(/[`"]([^`"]+)[`"]/g)].map(([, name = ""]) => ({
            at,
            name,
            isExplicit: false,
          })),
        ),
      );
    case "externaldns.k8s.io/DNSEndpoint":
      return getList(value, "spec", "endpoints").flatMap((endpoint, index) => {
        const type = getText(endpoint, "recordType");
        return {
          at: ["spec", "endpoints", String(index), "dnsName"],
          name: getText(endpoint, "dnsName") ?? "",
          ...(type === undefined ? {} : { type }),
          isExplicit: true,
        };
      });
    default:
      return routeKinds.includes(kind) ? listAt(value, ["spec", "hostnames"]) : [];
  }
}

/** The texts of a list, or of one key of its items. */
function listAt(value: unknown, at: DataPath, key?: string): Hostname[] {
  return getList(value, ...at).flatMap((item, index) => {
    const name = key === undefined ? item : getText(item, key);
    if (typeof name !== "string") return [];
    const place = [...at, String(index), ...(key === undefined ? [] : [key])];
    return [{ at: place, name, isExplicit: false }];
  });
}
