import {
  type Fields,
  getAt,
  getFields,
  getText,
  listOfKind,
  type Manifest,
} from "../../manifests/manifest.ts";
import { explainConfig, isBucketName, isForR2 } from "../../velero/object-store.ts";
import type { ObjectFault, RepositoryRule } from "../rule.ts";

const kind = "velero.io/BackupStorageLocation";

export const veleroStorageLocation: RepositoryRule = {
  id: "velero-storage-location",
  codes: [
    "VELERO_LOCATION_CONFIG",
    "VELERO_LOCATION_R2",
    "VELERO_LOCATION_URL",
    "VELERO_LOCATION_BUCKET",
    "VELERO_LOCATION_CREDENTIAL",
    "VELERO_LOCATION_DEFAULT",
  ],
  scope: "repository",
  summary: "a storage location is one that Velero and kopia can write to, R2 above all",
  why: "A location that is not right is Unavailable, and no Backup is made; or small objects arrive, and the uploads that matter are refused.",
  example: {
    bad: "config:\n  region: auto\n  s3Url: https://ACCOUNT_ID.r2.cloudflarestorage.com/backups",
    good: 'config:\n  region: auto\n  s3Url: https://ACCOUNT_ID.r2.cloudflarestorage.com\n  s3ForcePathStyle: "true"\n  checksumAlgorithm: ""',
  },
  kinds: [kind],
  find({ manifests }) {
    const locations = listOfKind(manifests, kind);
    const faults = locations.flatMap((manifest) =>
      checkLocation(manifest).map((fault) => ({ ...fault, manifest })),
    );
    return [...faults, ...checkDefaults(locations)];
  },
};

const codes = {
  key: "VELERO_LOCATION_CONFIG",
  url: "VELERO_LOCATION_URL",
  r2: "VELERO_LOCATION_R2",
} as const;

function checkLocation({ value }: Manifest): ObjectFault[] {
  const provider = getText(value, "spec", "provider");
  if (provider !== "aws" && provider !== "velero.io/aws") return [];
  const config = getFields(value, "spec", "config");
  const ofConfig = explainConfig(config).map(({ kind: about, key, ...fault }): ObjectFault => {
    const isWhole = about === "key" || config[key] === undefined;
    const at = ["spec", "config", key];
    return { code: codes[about], at, part: isWhole ? "key" : "value", ...fault };
  });
  return [
    ...ofConfig,
    ...checkBucket(getText(value, "spec", "objectStorage", "bucket"), isForR2(config)),
    ...checkCredential(value),
  ];
}

function checkBucket(bucket: string | undefined, ofR2: boolean): ObjectFault[] {
  if (bucket === undefined || isBucketName(bucket, ofR2)) return [];
  return [
    {
      code: "VELERO_LOCATION_BUCKET",
      at: ["spec", "objectStorage", "bucket"],
      part: "value",
      message: `"${bucket}" cannot be the name of a bucket`,
      why: "A bucket has 3 to 63 small letters, digits and dashes, and begins and ends with a letter or digit. A folder in it is the field prefix.",
      fix: "Write the bucket's name alone",
    },
  ];
}

function checkCredential(value: Fields): ObjectFault[] {
  if (getText(value, "spec", "credential", "name") !== undefined) return [];
  return [
    {
      code: "VELERO_LOCATION_CREDENTIAL",
      at: ["spec", "credential"],
      message: "no credential is named",
      why: "Velero's pods have no credential of their own (kubernetes/infrastructure/velero), so that there is no other one, and the location is Unavailable.",
      fix: "Add credential: { name: cloud-credentials, key: cloud }",
    },
  ];
}

function checkDefaults(locations: readonly Manifest[]) {
  const [first] = locations;
  if (first === undefined) return [];
  const defaults = locations.filter(({ value }) => getAt(value, "spec", "default") === true);
  if (defaults.length === 0) {
    return [
      {
        code: "VELERO_LOCATION_DEFAULT",
        manifest: first,
        at: ["spec", "default"],
        message: "no storage location is the default one",
        why: "A Backup that names none, such as one by hand in an emergency, ends as FailedValidation.",
        fix: "Set default: true on the location that backups go to",
      },
    ];
  }
  return defaults.slice(1).map((manifest) => ({
    code: "VELERO_LOCATION_DEFAULT",
    manifest,
    at: ["spec", "default"],
    message: `"${manifest.name}" is a default storage location beside "${defaults[0]?.name}"`,
    why: "Velero keeps the one that was validated last, takes the mark from the others, and Argo CD puts it back: backups go to the one or the other.",
    fix: "Set default: true on one of them only",
  }));
}
