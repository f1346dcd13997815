import { findNearest } from "../cli/suggest.ts";

/** What is wrong with one key of a storage location's configuration. */
export interface ConfigFault {
  kind: "key" | "url" | "r2";
  key: string;
  message: string;
  why: string;
  fix: string;
}

/** The part `spec.config` of a BackupStorageLocation. */
export type StoreConfig = Readonly<Record<string, unknown>>;

/** What velero-plugin-for-aws 1.14.3 takes (object_store.go, Init), and what Velero adds. */
const knownKeys = [
  "region",
  "s3Url",
  "publicUrl",
  "kmsKeyId",
  "customerKeyEncryptionFile",
  "customerKeyEncryptionSecret",
  "s3ForcePathStyle",
  "signatureVersion",
  "credentialsFile",
  "profile",
  "serverSideEncryption",
  "insecureSkipTLSVerify",
  "enableSharedConfig",
  "tagging",
  "checksumAlgorithm",
  "bucket",
  "prefix",
  "caCert",
];

/** What R2 needs, and what happens otherwise. */
const neededByR2: readonly { key: string; values: string[]; why: string }[] = [
  {
    key: "region",
    values: ["auto", "us-east-1"],
    why: "R2 has this one region, and takes us-east-1 for it; without one, kopia asks the bucket for it, which keys of a single bucket may not.",
  },
  {
    key: "s3ForcePathStyle",
    values: ["true"],
    why: "Otherwise the plugin makes the bucket a part of the host's name, and kopia does not.",
  },
  {
    key: "checksumAlgorithm",
    values: [""],
    why: "Without it the plugin sends CRC32 sums behind its uploads (STREAMING-UNSIGNED-PAYLOAD-TRAILER), which R2 answers with 501 NotImplemented: every Backup is Failed.",
  },
];

/** What R2 answers with 501. */
const refusedByR2 = ["tagging", "serverSideEncryption", "kmsKeyId"];

const r2Host = /(^|\.)r2\.cloudflarestorage\.com$/;
/** The account, and perhaps the jurisdiction of the bucket. */
const r2Endpoint = /^[\w-]+(\.(eu|fedramp))?\.r2\.cloudflarestorage\.com$/;
/** A host that only the cluster itself or this machine can mean. */
const innerHost = /^[^.]+$|\.svc(\.cluster\.local)?$|^127\./;

const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const r2BucketName = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

const urlForm = "https://ACCOUNT_ID.r2.cloudflarestorage.com";

/** Whether a configuration is one for Cloudflare R2. */
export function isForR2({ s3Url }: StoreConfig): boolean {
  return typeof s3Url === "string" && URL.canParse(s3Url) && r2Host.test(new URL(s3Url).hostname);
}

/** Whether a bucket can have this name; R2 takes no dots. */
export function isBucketName(name: string, ofR2: boolean): boolean {
  return (ofR2 ? r2BucketName : bucketName).test(name);
}

/** What is wrong with the configuration of a location of Velero's aws plugin. */
export function explainConfig(config: StoreConfig): ConfigFault[] {
  return [
    ...Object.keys(config).flatMap(explainKey),
    ...explainUrl(config),
    ...(isForR2(config) ? explainR2(config) : []),
  ];
}

function explainKey(key: string): ConfigFault[] {
  if (knownKeys.includes(key)) return [];
  const nearest = findNearest(key, knownKeys);
  return [
    {
      kind: "key",
      key,
      message: `velero-plugin-for-aws does not know the key "${key}"`,
      why: "It refuses the whole configuration, and the location is Unavailable (object_store.go, Init).",
      fix: nearest === undefined ? "Remove it" : `Write ${nearest} if that is meant, or remove it`,
    },
  ];
}

function explainUrl({ s3Url, region }: StoreConfig): ConfigFault[] {
  const fault = {
    kind: "url",
    key: "s3Url",
    fix: `Write a scheme and a host only: ${urlForm}`,
  } as const;
  if (s3Url === undefined) {
    if (region !== "auto") return [];
    const why = "Without s3Url the bucket is looked for at Amazon, which has no such region.";
    return [
      {
        ...fault,
        message: "there is no s3Url, and the region is auto",
        why,
        fix: `Add s3Url: ${urlForm}`,
      },
    ];
  }
  // What is no text is a matter of the schema.
  if (typeof s3Url !== "string") return [];
  const url = /^https?:\/\//.test(s3Url) && URL.canParse(s3Url) ? new URL(s3Url) : undefined;
  if (url === undefined) {
    return [
      { ...fault, message: `s3Url "${s3Url}" is no URL`, why: "Velero cannot tell its host." },
    ];
  }
  if (url.pathname !== "/" || url.search !== "") {
    const why =
      "The bucket's name has a field of its own, and Velero refuses a path here: no volume can be copied (pkg/repository/provider/unified_repo.go).";
    return [{ ...fault, message: `s3Url "${s3Url}" has more than a host`, why }];
  }
  if (url.protocol === "http:" && !innerHost.test(url.hostname)) {
    const why =
      "The archive of the cluster's objects travels in clear text, whatever kopia does with the volumes.";
    return [
      { ...fault, message: "what goes to s3Url can be read on the way", why, fix: "Write https" },
    ];
  }
  if (!r2Host.test(url.hostname) || r2Endpoint.test(url.hostname)) return [];
  const why =
    "It is the account's id before r2.cloudflarestorage.com, with .eu or .fedramp between them for a bucket of that jurisdiction (https://developers.cloudflare.com/r2/api/s3/api/).";
  return [{ ...fault, message: `"${url.hostname}" is no address of R2`, why }];
}

function explainR2(config: StoreConfig): ConfigFault[] {
  const refused = refusedByR2
    .filter((key) => (config[key] ?? "") !== "")
    .map((key) => ({
      kind: "r2" as const,
      key,
      message: `R2 does not do what ${key} asks for`,
      why: "It answers with 501 NotImplemented, and every Backup is Failed.",
      fix: "Remove it; R2 encrypts all objects by itself",
    }));
  const missing = neededByR2.flatMap(({ key, values, why }) => {
    const value = config[key];
    // What is no text is a matter of the schema.
    if (value !== undefined && typeof value !== "string") return [];
    if (value !== undefined && values.includes(value)) return [];
    const wanted = `${key}: ${JSON.stringify(values[0])}`;
    const fix = `Write ${wanted}`;
    return [{ kind: "r2" as const, key, message: `R2 needs ${wanted}`, why, fix }];
  });
  return [...refused, ...missing];
}
