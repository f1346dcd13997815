import { InfraError } from "../errors.ts";
import type { BackupStorageLocation } from "../objects.ts";
import { defaultCredential, passwordLabel, repositorySecret } from "./names.ts";

/** Where the kopia repository of one namespace's volumes lies, and what opens it; no secrets. */
export interface Repository {
  bucket: string;
  /** Ends with a slash. */
  prefix: string;
  /** Host and port, without a scheme. */
  endpoint: string;
  /** Without one, kopia asks the bucket for it, which keys of a single bucket may not. */
  region?: string;
  tls: "verified" | "unverified" | "off";
  /** Base64 of a PEM bundle. */
  caCert?: string;
  caSecret?: { name: string; key: string };
  credential: { name: string; key: string };
  password: { name: string; key: string };
  /** Profile in the credentials file. */
  profile: string;
}

/**
 * The repository of `namespace` in a storage location, by the rules of Velero 1.18's
 * getStorageVariables (pkg/repository/provider/unified_repo.go). Throws
 * VELERO_LOCATION_UNSUPPORTED for object stores that do not speak S3 or name no endpoint and region.
 */
export function planRepository(location: BackupStorageLocation, namespace: string): Repository {
  const { spec } = location;
  const config = spec.config ?? {};
  const provider = spec.provider.replace(/^velero\.io\//, "");
  if (provider !== "aws") {
    throw unsupported(location, `its provider is "${spec.provider}", and only S3 ("aws") is known`);
  }
  const region = config["region"] ?? "";
  if (config["s3Url"] === undefined && region === "") {
    throw unsupported(location, "it names neither s3Url nor region");
  }
  const address = config["s3Url"] ?? `https://s3-${region}.amazonaws.com`;
  if (!URL.canParse(address)) throw unsupported(location, `its s3Url "${address}" is not a URL`);
  const url = new URL(address);
  const verified = config["insecureSkipTLSVerify"] !== "true";
  const prefix = (spec.objectStorage.prefix ?? "").replace(/^\/+|\/+$/g, "");
  const { caCert, caCertRef } = spec.objectStorage;
  return {
    bucket: spec.objectStorage.bucket,
    prefix: `${prefix === "" ? "" : `${prefix}/`}kopia/${namespace}/`,
    endpoint: url.host,
    ...(region === "" ? {} : { region }),
    tls: url.protocol === "http:" ? "off" : verified ? "verified" : "unverified",
    // Velero asks the reference first, and kopia takes only one of the two.
    ...(caCertRef === undefined ? {} : { caSecret: caCertRef }),
    ...(caCert === undefined || caCertRef !== undefined ? {} : { caCert }),
    credential: spec.credential ?? defaultCredential,
    password: {
      ...repositorySecret,
      name: location.metadata.labels?.[passwordLabel] ?? repositorySecret.name,
    },
    profile: config["profile"] ?? "default",
  };
}

function unsupported(location: BackupStorageLocation, why: string): InfraError {
  return new InfraError({
    code: "VELERO_LOCATION_UNSUPPORTED",
    message: `storage location "${location.metadata.name}" cannot be read by the restore pod`,
    why,
    fix: "Use a location of Velero's aws plugin with s3Url and region",
  });
}
