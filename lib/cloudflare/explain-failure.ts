import type { APIError } from "cloudflare";
import { describeError, type ErrorDetails, InfraError } from "../errors.ts";

/** What a request was for. */
export interface Asked {
  /** In the infinitive: "read the records of example.com". */
  what: string;
  /** What the token has to be allowed, as Cloudflare's pages name it: "Zone.DNS Edit". */
  permission: string;
  /** What else a refusal with these codes can mean, in `why` what the API has said. */
  explain?(codes: readonly number[], why: string): ErrorDetails | undefined;
}

/** Who asked, and where: the errors' codes begin with the domain. */
export interface Asker {
  domain: "DNS" | "STORAGE";
  baseUrl: string;
}

interface ApiFault {
  code?: number;
  message?: string;
  error_chain?: ApiFault[];
}

/**
 * Codes that speak of the token itself, or of its form. None are documented in one place; seen in
 * cloudflare/terraform-provider-cloudflare#1990 and kissgyorgy/cloudflare-dyndns#40.
 */
const tokenCodes = [1000, 6003, 6111];

/** Of a token that does not exist any more, and of one that may not do this. */
const accessCode = 9109;

/** Tells what the library has thrown in terms of what was asked. */
export function explainFailure(error: APIError, asked: Asked, asker: Asker): InfraError {
  const { status } = error;
  const { domain } = asker;
  if (status === undefined) return unreachable(asker, describeConnection(error), error);
  const faults = listFaults(error.errors);
  const codes = faults.flatMap(({ code }) => code ?? []);
  const why = renderFaults(faults) ?? `it answered ${status}`;
  const special = asked.explain?.(codes, why);
  if (special !== undefined) return new InfraError({ ...special, cause: error });
  if (status === 429) {
    const seconds = error.headers?.get("retry-after");
    return new InfraError({
      code: `${domain}_LIMITED`,
      message: "Cloudflare takes no more requests with this token for now",
      why: seconds ? `${why}; the rate limit ends in ${seconds} s` : why,
      fix: "Wait until then, and stop what else uses the tokens of this user or account",
      cause: error,
    });
  }
  const isToken = codes.includes(accessCode)
    ? /invalid access token/i.test(why)
    : codes.some((code) => tokenCodes.includes(code));
  if (isToken) return tokenRefused(asker, why, error);
  if (status === 401 || status === 403) {
    return new InfraError({
      code: `${domain}_DENIED`,
      message: `CLOUDFLARE_API_TOKEN may not ${asked.what}`,
      why,
      fix: `Give the token the permission ${asked.permission} at https://dash.cloudflare.com/profile/api-tokens, or make a new one if it has expired`,
      cause: error,
    });
  }
  if (status >= 500) return unreachable(asker, why, error);
  return new InfraError({
    code: `${domain}_REFUSED`,
    message: `Cloudflare refused to ${asked.what}`,
    why,
    fix: "Correct what it complains about",
    cause: error,
  });
}

/** That the token is none, or none any more. */
export function tokenRefused({ domain }: Asker, why: string, cause?: unknown): InfraError {
  return new InfraError({
    code: `${domain}_DENIED`,
    message: "Cloudflare does not accept CLOUDFLARE_API_TOKEN",
    why,
    fix: "Make a new token at https://dash.cloudflare.com/profile/api-tokens, and export it in .envrc",
    cause,
  });
}

/** That nobody knows what became of the request. */
export function unreachable({ domain, baseUrl }: Asker, why: string, cause?: unknown): InfraError {
  return new InfraError({
    code: `${domain}_UNREACHABLE`,
    message: `the API of Cloudflare at ${baseUrl} gave no usable answer`,
    why,
    fix: "Try again, and see https://www.cloudflarestatus.com; a change may have been carried out",
    cause,
  });
}

function describeConnection(error: APIError): string {
  return error.cause === undefined ? error.message : describeError(error.cause);
}

/** Outer ones and those that they come from. */
function listFaults(faults: readonly ApiFault[]): ApiFault[] {
  return faults.flatMap((fault) => [fault, ...listFaults(fault.error_chain ?? [])]);
}

function renderFaults(faults: readonly ApiFault[]): string | undefined {
  const texts = faults.map(({ code, message = "" }) =>
    `${message.replace(/[.\s]+$/, "")} (${code ?? "no code"})`.trim(),
  );
  return texts.length === 0 ? undefined : texts.join("; ");
}
