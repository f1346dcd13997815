import type { Document } from "yaml";
import { parseYamlDocuments } from "../config/parse-yaml.ts";
import { InfraError } from "../errors.ts";
import type { BackupStorageLocation } from "../objects.ts";
import { passwordLabel, repositorySecret } from "./names.ts";
import { isBucketName, isForR2 } from "./object-store.ts";

/** A new place for backups under a new password, beside the one that keeps the old password. */
export interface LocationRenewal {
  /** Names of the locations. */
  from: string;
  to: string;
  bucket: string;
  prefix: string;
  /** The Secret that keeps the old password. */
  secret: string;
}

/** Of a label's value, which has the Secret's name. */
const mostCharacters = 63;

/**
 * Plans a new storage location in place of the default one of a text with locations: in `bucket`, else
 * under a prefix beside the old one. Throws VELERO_LOCATION_DEFAULT, VELERO_LOCATION_AT_ROOT,
 * VELERO_LOCATION_BUCKET, VELERO_LOCATION_NAME and what parseYamlDocuments throws.
 */
export async function planRenewal(
  text: string,
  file: string,
  bucket?: string,
): Promise<LocationRenewal> {
  const locations = await parseLocations(text, file);
  const [old, ...others] = locations.filter(isDefault);
  if (old === undefined || others.length > 0) throw noDefault(file);
  const from = old.metadata.name;
  const secret = `${repositorySecret.name}-${from}`;
  if (secret.length > mostCharacters) throw nameTooLong(file, from);
  const { objectStorage } = old.spec;
  const prefix = (objectStorage.prefix ?? "").replace(/^\/+|\/+$/g, "");
  // What an earlier renewal has put behind the name, it has put behind the prefix, too.
  const [, base = from, suffix = ""] = /^(.+?)(-\d+)$/.exec(from) ?? [];
  const names = locations.map(({ metadata }) => metadata.name);
  let number = suffix === "" ? 2 : Number(suffix.slice(1)) + 1;
  while (names.includes(`${base}-${number}`)) number += 1;
  const renewal = { from, to: `${base}-${number}`, secret };
  if (bucket !== undefined) {
    checkBucket(bucket, old, locations, file);
    return { ...renewal, bucket, prefix };
  }
  if (prefix === "") throw atRoot(file, from, objectStorage.bucket);
  const stem = prefix.endsWith(suffix) ? prefix.slice(0, prefix.length - suffix.length) : prefix;
  return { ...renewal, bucket: objectStorage.bucket, prefix: `${stem}-${number}` };
}

/** The text with the new location behind the old one, which is only read from then on. */
export async function renewLocation(text: string, renewal: LocationRenewal): Promise<string> {
  const { from, to, bucket, prefix, secret } = renewal;
  const yaml = await import("yaml");
  const documents = yaml.parseAllDocuments(text) as Document[];
  const at = documents.findIndex((one) => one.getIn(["metadata", "name"]) === from);
  const old = documents[at];
  if (old === undefined) throw new Error(`there is no location ${from}`);
  const made = old.clone();
  const [first] = yaml.isMap(made.contents) ? made.contents.items : [];
  if (yaml.isScalar(first?.key)) {
    first.key.commentBefore = ` Takes the place of ${from}, which keeps the old password.`;
  }
  made.setIn(["metadata", "name"], to);
  made.setIn(["spec", "objectStorage", "bucket"], bucket);
  if (prefix !== "") made.setIn(["spec", "objectStorage", "prefix"], prefix);
  old.deleteIn(["spec", "default"]);
  old.setIn(["spec", "accessMode"], "ReadOnly");
  old.setIn(["metadata", "labels", passwordLabel], secret);
  documents.splice(at + 1, 0, made);
  return renderDocuments(documents);
}

/** A text with Schedules that go to the new location wherever they named the old one. */
export async function moveSchedules(
  text: string,
  { from, to }: Pick<LocationRenewal, "from" | "to">,
): Promise<string> {
  const yaml = await import("yaml");
  const documents = yaml.parseAllDocuments(text) as Document[];
  const place = ["spec", "template", "storageLocation"];
  const moved = documents.filter(
    (one) => one.get("kind") === "Schedule" && one.getIn(place) === from,
  );
  if (moved.length === 0) return text;
  for (const one of moved) one.setIn(place, to);
  return renderDocuments(documents);
}

function renderDocuments(documents: readonly Document[]): string {
  for (const { directives } of documents.slice(1)) if (directives) directives.docStart = true;
  return documents.map((one) => one.toString({ lineWidth: 0 })).join("");
}

async function parseLocations(text: string, file: string): Promise<BackupStorageLocation[]> {
  const documents = await parseYamlDocuments(text, file);
  return documents.map(({ value }) => value as BackupStorageLocation);
}

function isDefault({ kind, spec }: BackupStorageLocation): boolean {
  return kind === "BackupStorageLocation" && spec.default === true;
}

function checkBucket(
  bucket: string,
  { spec }: BackupStorageLocation,
  locations: readonly BackupStorageLocation[],
  file: string,
): void {
  const isOld = locations.some((one) => one.spec.objectStorage.bucket === bucket);
  if (!isOld && isBucketName(bucket, isForR2(spec.config ?? {}))) return;
  throw new InfraError({
    code: "VELERO_LOCATION_BUCKET",
    message: isOld
      ? `"${bucket}" is the bucket that there is; nothing was changed`
      : `"${bucket}" cannot be the name of a bucket; nothing was changed`,
    where: { file },
    why: isOld
      ? "kopia would find its repository there, and the new password would not open it"
      : "a bucket has 3 to 63 small letters, digits and dashes, and begins and ends with a letter or digit",
    fix: "Give --bucket a new, empty one that the keys in cloud-credentials may write to",
  });
}

function atRoot(file: string, name: string, bucket: string): InfraError {
  return new InfraError({
    code: "VELERO_LOCATION_AT_ROOT",
    message: "the backups under a new password need a bucket of their own; nothing was changed",
    where: { file },
    why: `location "${name}" has no prefix: it is all of ${bucket}, and Velero takes a folder beside its own in there for damage (pkg/persistence/object_store.go, IsValid)`,
    fix: "Make a new bucket that the keys in cloud-credentials may write to, and give its name: --bucket BUCKET",
  });
}

function nameTooLong(file: string, name: string): InfraError {
  return new InfraError({
    code: "VELERO_LOCATION_NAME",
    message: `"${name}" is too long a name for a location that is to have a Secret of its own`,
    where: { file },
    why: `${repositorySecret.name}-${name} has more than ${mostCharacters} characters, which no label can have`,
    fix: "Do it by hand with a shorter name for the Secret: docs/how-to/rotate-secrets.md",
  });
}

function noDefault(file: string): InfraError {
  return new InfraError({
    code: "VELERO_LOCATION_DEFAULT",
    message: "there is not one default storage location; nothing was changed",
    where: { file },
    why: "the default one is where backups go, and the one that is renewed",
    fix: "Set default: true on exactly one of them: npm run validate",
  });
}
