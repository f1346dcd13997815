import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { exitCodes, InfraError } from "../errors.ts";
import type { Progress } from "../secrets/change-readers.ts";
import { readIfThere, replaceFile } from "../secrets/files.ts";
import {
  readSecret,
  replaceSecret,
  type SecretsPlace,
  writeSecret,
} from "../secrets/secret-file.ts";
import { repositorySecret } from "../velero/names.ts";
import {
  type LocationRenewal,
  moveSchedules,
  planRenewal,
  renewLocation,
} from "../velero/renew-location.ts";
import { buildPassword, getPasswordFile } from "./site-secrets.ts";

const locationsFile = "config/velero/backup-locations.yaml";
const schedulesFolder = "config/velero/schedules";
/** What Argo CD decrypts for Velero. */
const generatorFile = "kubernetes/infrastructure/velero/secrets.yaml";

/** Keeps the new password until everything else is done: as long as it is there, a run is open. */
const nextSecret = `${repositorySecret.name}-next`;

/** A new password for backups, and what an earlier run has done of it. */
export interface PasswordChange {
  renewal: LocationRenewal;
  /** The one that is in use, which may be the next one already. */
  present: string;
  /** The old one, where it is kept already. */
  kept: string | undefined;
  next: string | undefined;
}

/**
 * Looks at what a new password for backups would change, or goes on with. Throws
 * VELERO_LOCATIONS_MISSING, SECRETS_PASSWORD_KEPT, and what planRenewal and readSecret throw.
 */
export async function planPassword(
  place: SecretsPlace,
  bucket: string | undefined,
): Promise<PasswordChange> {
  const text = await readIfThere(path.join(place.site.folder, locationsFile));
  if (text === undefined) throw missing(locationsFile);
  const present = await readPassword(place, repositorySecret.name);
  if (present === undefined) throw missing(getPasswordFile(repositorySecret.name));
  const renewal = await planRenewal(text, locationsFile, bucket);
  const kept = await readPassword(place, renewal.secret);
  const next = await readPassword(place, nextSecret);
  // In use, and with no old one kept for what is the default location now: only its file was left.
  if (next !== undefined && (next !== present || kept !== undefined)) {
    return { renewal, present, kept, next };
  }
  if (kept === undefined || kept === present) return { renewal, present, kept, next: undefined };
  throw keptOther(getPasswordFile(renewal.secret));
}

/**
 * Makes the change, each file whole or not at all, and says which ones. Until the last one is made,
 * Schedules name a location that is not there: should somebody push what is half done, validate and
 * Velero refuse it, and nothing is written under a password that does not stay. Throws what writeSecret
 * and replaceSecret throw, VELERO_LOCATIONS_MISSING, and the reason of `signal`.
 */
export async function changePassword(
  place: SecretsPlace,
  { renewal, present, kept, ...change }: PasswordChange,
  { signal, say }: Progress,
): Promise<void> {
  const at = (file: string) => path.join(place.site.folder, file);
  const edit = async (file: string, make: (text: string) => Promise<string>) => {
    const text = await readIfThere(at(file));
    if (text === undefined) throw missing(file);
    const made = await make(text);
    if (made === text) return;
    await replaceFile(at(file), made);
    say(`changed: ${file}`);
  };

  const nextFile = at(getPasswordFile(nextSecret));
  const next = change.next ?? randomBytes(32).toString("hex");
  if (change.next === undefined) {
    await rm(nextFile, { force: true });
    await writeSecret(nextFile, buildPassword(nextSecret, next), place);
  }
  const keptFile = getPasswordFile(renewal.secret);
  signal.throwIfAborted();
  if (kept === undefined) {
    await writeSecret(at(keptFile), buildPassword(renewal.secret, present), place);
    say(`written: ${keptFile}`);
  }
  await edit(generatorFile, async (text) => await listFile(text, path.basename(keptFile)));
  for (const file of await listSchedules(at(schedulesFolder))) {
    await edit(`${schedulesFolder}/${file}`, async (text) => await moveSchedules(text, renewal));
  }
  // From here on to the end, as quickly as can be.
  signal.throwIfAborted();
  if (present !== next) {
    const file = getPasswordFile(repositorySecret.name);
    await replaceSecret(at(file), buildPassword(repositorySecret.name, next), place);
    say(`changed: ${file}`);
  }
  await edit(locationsFile, async (text) => await renewLocation(text, renewal));
  await rm(nextFile);
}

async function readPassword(place: SecretsPlace, name: string): Promise<string | undefined> {
  const values = await readSecret(path.join(place.site.folder, getPasswordFile(name)), place);
  return values?.[repositorySecret.key];
}

/** The manifest for KSOPS with one file more. */
async function listFile(text: string, name: string): Promise<string> {
  const { isSeq, parseDocument } = await import("yaml");
  const document = parseDocument(text);
  const files = document.get("files");
  if (!isSeq(files) || files.items.some((item) => String(item) === name)) return text;
  files.items.push(document.createNode(name));
  return document.toString({ lineWidth: 0 });
}

async function listSchedules(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => /\.ya?ml$/.test(name)).toSorted();
}

function missing(file: string): InfraError {
  return new InfraError({
    code: "VELERO_LOCATIONS_MISSING",
    message: "this site's folder does not have what says where its backups go; nothing was changed",
    where: { file },
    why: "it may lie in another repository, which this command does not look for",
    fix: "Without secrets yet: npx zx scripts/setup/init-secrets.ts; else do it by hand: docs/how-to/rotate-secrets.md",
  });
}

function keptOther(file: string): InfraError {
  return new InfraError({
    code: "SECRETS_PASSWORD_KEPT",
    message: "this file would keep the old password, and has another one; nothing was changed",
    where: { file },
    why: "it was made for a storage location of the same name, whose backups it still may open",
    fix: "Give the default location another name, with its Schedules; or remove the file once nothing needs it",
    exitCode: exitCodes.needsPerson,
  });
}
