import { readFile } from "node:fs/promises";
import type { Endpoint } from "../config/site.ts";
import { describeError, InfraError } from "../errors.ts";

/** Whose CA it is, for the error: its code, the service, and the key of site.yaml. */
export interface CaOwner {
  code: string;
  service: string;
  key: string;
}

/**
 * PEM of the only CA that is trusted at an endpoint; undefined where that is the system's list. Throws
 * an error with the owner's code when the file cannot be read.
 */
export async function readCa(
  endpoint: Endpoint | undefined,
  { code, service, key }: CaOwner,
): Promise<string | undefined> {
  const file = endpoint?.caFile;
  if (file === undefined) return undefined;
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new InfraError({
      code,
      message: `the API of ${service} cannot be trusted`,
      where: { file },
      why: `its CA cannot be read: ${describeError(cause)}`,
      fix: `Correct "caFile" under "${key}" in site.yaml`,
      cause,
    });
  }
}
