import { readFile } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { showPath } from "../config/paths.ts";
import { decryptDocuments, rotateYaml } from "../exec/sops.ts";
import { parseEncryptedFile } from "./encrypted-files.ts";
import { replaceFile } from "./files.ts";
import type { ReaderChange } from "./plan-readers.ts";
import { listKeyFiles, notSame, openSops, proofFailed, type SecretsPlace } from "./secret-file.ts";

/** How a change of many files is told and ended. */
export interface Progress {
  signal: AbortSignal;
  say(line: string): void;
}

/**
 * Encrypts files anew for their new readers, one after the other, each with a new data key. Each is
 * proven before it is put in its place: the keys at hand open it, and nothing in it has changed. Throws
 * SECRETS_PROOF_FAILED, what rotateYaml throws, and the reason of `signal` between two of them; the next
 * run goes on from there.
 */
export async function changeReaders(
  changes: readonly ReaderChange[],
  place: SecretsPlace,
  { signal, say }: Progress,
): Promise<void> {
  for (const change of changes) {
    signal.throwIfAborted();
    await replaceFile(change.file, await encryptAnew(change, place));
    say(`encrypted anew and read again: ${showPath(change.file)}`);
  }
}

async function encryptAnew(change: ReaderChange, place: SecretsPlace): Promise<string> {
  const { file, readers } = change;
  const name = showPath(file);
  const { site } = place;
  const sops = openSops(place, site.ageKeyFile);
  const before = await decryptDocuments(await readFile(file, "utf8"), name, sops);
  const after = await rotateYaml(file, change, sops);
  const { recipients } = await parseEncryptedFile(after, file);
  if (!isDeepStrictEqual(new Set(recipients), new Set(readers))) {
    throw proofFailed(name, `it would be for ${recipients.join(", ")}`);
  }
  for (const keyFile of await listKeyFiles(site)) {
    const clear = await decryptDocuments(after, name, openSops(place, keyFile));
    if (!isDeepStrictEqual(clear, before)) throw notSame(name, keyFile);
  }
  return after;
}
