import t from "tap";
import { findRefusal, nameOperation } from "../../lab/clouds/r2-rules.ts";

t.test("headers that R2 does not implement are refused in its words", async (t) => {
  const put = { method: "PUT", url: "/velero/backups/one/velero-backup.json" };
  // Word for word what R2 answered in velero-io/velero#9931.
  t.strictSame(findRefusal({ ...put, headers: { "x-amz-tagging": "" } }), {
    what: "x-amz-tagging",
    message: "Header 'x-amz-tagging' with value '' not implemented",
  });
  for (const [name, value] of [
    ["x-amz-tagging", "a=b"],
    ["x-amz-server-side-encryption", "AES256"],
    ["x-amz-server-side-encryption-aws-kms-key-id", "key"],
    ["x-amz-object-lock-mode", "COMPLIANCE"],
    ["x-amz-acl", "private"],
  ] as const) {
    t.match(findRefusal({ ...put, headers: { [name]: value } }), {
      what: name,
      message: `Header '${name}' with value '${value}' not implemented`,
    });
  }
});

t.test("uploads with a signature or a checksum in the body are refused", async (t) => {
  for (const mode of [
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
  ]) {
    const headers = { "x-amz-content-sha256": mode };
    t.strictSame(findRefusal({ method: "PUT", url: "/velero/key", headers }), {
      what: mode,
      message: `${mode} not implemented`,
    });
  }
});

t.test("operations that R2 does not implement are refused by their names", async (t) => {
  for (const [method, url, name] of [
    ["GET", "/velero/key?tagging", "GetObjectTagging"],
    ["PUT", "/velero?versioning", "PutBucketVersioning"],
    ["PUT", "/velero/?policy", "PutBucketPolicy"],
    ["GET", "/velero?versions&prefix=a", "GetBucketVersions"],
    ["DELETE", "/velero/key?versionId=1", "DeleteObjectVersion"],
    ["PUT", "/velero/key?retention", "PutObjectRetention"],
  ] as const) {
    const refusal = { what: name, message: `${name} not implemented` };
    t.strictSame(findRefusal({ method, url, headers: {} }), refusal);
  }
});

t.test("what backup and restore do is passed on", async (t) => {
  const unsigned = { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
  const customerKey = { "x-amz-server-side-encryption-customer-algorithm": "AES256" };
  const metadata = { "content-md5": "x", "x-amz-meta-acl": "x", "x-amz-storage-class": "STANDARD" };
  for (const [method, url, operation] of [
    ["GET", "/", "ListBuckets"],
    ["PUT", "/velero", "CreateBucket"],
    ["HEAD", "/velero/", "HeadBucket"],
    ["DELETE", "/velero", "DeleteBucket"],
    ["GET", "/velero?location", "GetBucketLocation"],
    ["GET", "/velero/?delimiter=%2F&list-type=2&prefix=backups%2F", "ListObjectsV2"],
    ["GET", "/velero?prefix=tagging", "ListObjects"],
    ["POST", "/velero/?delete", "DeleteObjects"],
    ["GET", "/velero?uploads", "ListMultipartUploads"],
    ["PUT", "/velero/kopia/app/p0123?x-id=PutObject", "PutObject"],
    ["GET", "/velero/acl/tagging", "GetObject"],
    ["HEAD", "/velero/a%3Ftagging", "HeadObject"],
    ["DELETE", "/velero/a/b", "DeleteObject"],
    ["POST", "/velero/a?uploads", "CreateMultipartUpload"],
    ["PUT", "/velero/a?partNumber=1&uploadId=2", "UploadPart"],
    ["POST", "/velero/a?uploadId=2", "CompleteMultipartUpload"],
    ["DELETE", "/velero/a?uploadId=2", "AbortMultipartUpload"],
    ["GET", "/velero/a?uploadId=2", "ListParts"],
  ] as const) {
    t.equal(nameOperation({ method, url }), operation, `${method} ${url}`);
    for (const headers of [{}, unsigned, customerKey, metadata]) {
      t.equal(findRefusal({ method, url, headers }), undefined, `${method} ${url}`);
    }
  }
});
