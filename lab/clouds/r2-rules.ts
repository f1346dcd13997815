import type { IncomingHttpHeaders } from "node:http";

/** What the rules look at; header names in lower case, as Node has them. */
export interface S3Request {
  method: string;
  /** Path and query, path-style: `/bucket/key?uploads`. */
  url: string;
  headers: IncomingHttpHeaders;
}

export interface Refusal {
  /** What is counted: the header, the mode of upload, or the operation. */
  what: string;
  /** In the words that R2 uses. */
  message: string;
}

/**
 * Headers that R2 documents as not implemented, whatever their value
 * (https://developers.cloudflare.com/r2/api/s3/api/). That it answers 501 to `x-amz-tagging` even
 * when it is empty was reported in velero-io/velero#9931. Encryption with keys of the customer
 * (`x-amz-server-side-encryption-customer-*`) is implemented, and so not here.
 */
const refusedHeaders: readonly string[] = [
  "x-amz-tagging",
  "x-amz-tagging-directive",
  "x-amz-server-side-encryption",
  "x-amz-server-side-encryption-aws-kms-key-id",
  "x-amz-server-side-encryption-context",
  "x-amz-server-side-encryption-bucket-key-enabled",
  "x-amz-website-redirect-location",
  "x-amz-object-lock-mode",
  "x-amz-object-lock-retain-until-date",
  "x-amz-object-lock-legal-hold",
  "x-amz-bucket-object-lock-enabled",
  "x-amz-bypass-governance-retention",
  "x-amz-mfa",
  "x-amz-acl",
  "x-amz-grant-full-control",
  "x-amz-grant-read",
  "x-amz-grant-read-acp",
  "x-amz-grant-write",
  "x-amz-grant-write-acp",
  "x-amz-request-payer",
  "x-amz-expected-bucket-owner",
  "x-amz-source-expected-bucket-owner",
];

/** Parts of buckets and objects without an implemented operation, as the same page lists them. */
const refusedParts: Readonly<Record<string, string>> = {
  accelerate: "AccelerateConfiguration",
  acl: "Acl",
  analytics: "AnalyticsConfiguration",
  attributes: "Attributes",
  "intelligent-tiering": "IntelligentTieringConfiguration",
  inventory: "InventoryConfiguration",
  "legal-hold": "LegalHold",
  logging: "Logging",
  metrics: "MetricsConfiguration",
  notification: "NotificationConfiguration",
  "object-lock": "LockConfiguration",
  ownershipControls: "OwnershipControls",
  policy: "Policy",
  policyStatus: "PolicyStatus",
  publicAccessBlock: "PublicAccessBlock",
  replication: "Replication",
  requestPayment: "RequestPayment",
  restore: "Restore",
  retention: "Retention",
  select: "Content",
  tagging: "Tagging",
  torrent: "Torrent",
  versionId: "Version",
  versioning: "Versioning",
  versions: "Versions",
  website: "Website",
};

const verbs: Readonly<Record<string, string>> = {
  DELETE: "Delete",
  GET: "Get",
  HEAD: "Head",
  POST: "Post",
  PUT: "Put",
};

/** Why R2 would not do it; undefined for what it does. */
export function findRefusal(request: S3Request): Refusal | undefined {
  const { headers } = request;
  for (const name of refusedHeaders) {
    if (headers[name] === undefined) continue;
    const value = String(headers[name]);
    return { what: name, message: `Header '${name}' with value '${value}' not implemented` };
  }
  // STREAMING-AWS4-HMAC-SHA256-PAYLOAD too: cloudflare/cloudflare-docs#6133.
  const mode = String(headers["x-amz-content-sha256"] ?? "");
  if (mode.startsWith("STREAMING-")) return { what: mode, message: `${mode} not implemented` };
  const part = listParts(request.url).find((name) => Object.hasOwn(refusedParts, name));
  if (part === undefined) return undefined;
  const operation = nameOperation(request);
  return { what: operation, message: `${operation} not implemented` };
}

/** The operation of S3 that is asked for: `PutObject`, `UploadPart`. */
export function nameOperation({ method, url }: Pick<S3Request, "method" | "url">): string {
  const verb = verbs[method] ?? method;
  const parts = listParts(url);
  const { bucket, key } = splitPath(url);
  const thing = key === "" ? "Bucket" : "Object";
  const refused = parts.find((name) => Object.hasOwn(refusedParts, name));
  if (refused !== undefined) return `${verb}${thing}${refusedParts[refused]}`;
  if (bucket === "") return method === "GET" ? "ListBuckets" : `${verb}Service`;
  if (key === "") return nameBucketOperation(method, verb, parts);
  if (parts.includes("uploadId")) {
    if (method === "PUT") return "UploadPart";
    if (method === "POST") return "CompleteMultipartUpload";
    return method === "GET" ? "ListParts" : "AbortMultipartUpload";
  }
  if (method === "POST" && parts.includes("uploads")) return "CreateMultipartUpload";
  return `${verb}Object`;
}

function nameBucketOperation(method: string, verb: string, parts: readonly string[]): string {
  if (method === "POST" && parts.includes("delete")) return "DeleteObjects";
  if (method === "GET") {
    if (parts.includes("uploads")) return "ListMultipartUploads";
    const part = parts.find((name) =>
      ["location", "cors", "lifecycle", "encryption"].includes(name),
    );
    if (part !== undefined) return `GetBucket${part.charAt(0).toUpperCase()}${part.slice(1)}`;
    return parts.includes("list-type") ? "ListObjectsV2" : "ListObjects";
  }
  return method === "PUT" ? "CreateBucket" : `${verb}Bucket`;
}

/** The names in the query. */
function listParts(url: string): string[] {
  const at = url.indexOf("?");
  return at === -1 ? [] : [...new URLSearchParams(url.slice(at + 1)).keys()];
}

function splitPath(url: string): { bucket: string; key: string } {
  const [path = ""] = url.split("?", 1);
  const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  return { bucket, key };
}
