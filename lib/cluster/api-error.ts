import { exitCodes, InfraError } from "../errors.ts";

/** The Status object that the Kubernetes API answers with when it refuses. */
interface Status {
  message?: string;
  reason?: string;
  details?: { kind?: string; causes?: { field?: string }[] };
}

/** An answer other than success. */
export class RefusalError extends Error {
  readonly httpStatus: number;
  /** Undefined when whatever answered did not speak the API's language: a proxy, an unknown path. */
  readonly status: Status | undefined;

  constructor(httpStatus: number, text: string) {
    const status = parseStatus(text);
    super(status?.message ?? `it answered HTTP ${httpStatus}: ${text.trim().slice(0, 200)}`);
    this.name = "RefusalError";
    this.httpStatus = httpStatus;
    this.status = status;
  }
}

/** The time for a request ran out; when it was not even `sent`, it had no effect. */
export class DeadlineError extends Error {
  readonly sent: boolean;

  constructor(sent: boolean, seconds: number) {
    super(`${sent ? "no complete answer" : "no connection"} within ${seconds} s`);
    this.name = "DeadlineError";
    this.sent = sent;
  }
}

/** What the kubeconfig names as the source of its credentials gave none. */
export class CredentialsError extends Error {
  override name = "CredentialsError";
}

const fixes = {
  CLUSTER_UNREACHABLE:
    "Check the server in the kubeconfig and that it answers, then run the same command again",
  CLUSTER_TIMEOUT: "Run the same command again: it looks first at what has taken effect",
  CLUSTER_FORBIDDEN: "Use a kubeconfig whose user may do this, or lift the rule that forbids it",
  CLUSTER_INVALID: "Change what the server objects to, then run the same command again",
  CLUSTER_NOT_FOUND: "Run the same command again: it looks first at what is there",
  CLUSTER_EXISTS: "Run the same command again: it looks first at what is there",
  CLUSTER_CONFLICT: "Run the same command again: it starts from what is there now",
  CLUSTER_QUOTA: "Raise the quota, or delete something that counts towards it",
};

/**
 * Whatever a request threw, in the codes that `Cluster` promises; `task` completes the sentence
 * "could not ...".
 */
export function toInfraError(error: unknown, task: string): InfraError {
  const code = classify(error);
  return new InfraError({
    code,
    message: `could not ${task}`,
    why: explain(error),
    fix: fixes[code],
    exitCode: exitCodes.failed,
    cause: error,
  });
}

function classify(error: unknown): keyof typeof fixes {
  if (error instanceof CredentialsError) return "CLUSTER_FORBIDDEN";
  if (error instanceof DeadlineError) return error.sent ? "CLUSTER_TIMEOUT" : "CLUSTER_UNREACHABLE";
  if (!(error instanceof RefusalError)) return "CLUSTER_UNREACHABLE";
  const { httpStatus, status } = error;
  switch (httpStatus) {
    case 401:
      return "CLUSTER_FORBIDDEN";
    case 403:
      return error.message.includes("exceeded quota") ? "CLUSTER_QUOTA" : "CLUSTER_FORBIDDEN";
    case 404:
      return "CLUSTER_NOT_FOUND";
    case 409:
      return status?.reason === "AlreadyExists" ? "CLUSTER_EXISTS" : "CLUSTER_CONFLICT";
    case 410:
    case 429:
      return "CLUSTER_UNREACHABLE";
  }
  if (httpStatus < 400 || httpStatus >= 500 || status === undefined) return "CLUSTER_UNREACHABLE";
  // A patch cannot carry a UID precondition of its own: another UID is a change of the object's.
  const changesUid = status.details?.causes?.some(({ field }) => field === "metadata.uid");
  return changesUid ? "CLUSTER_CONFLICT" : "CLUSTER_INVALID";
}

function explain(error: unknown): string {
  // A host name with several addresses: one error each, and no message of its own.
  if (error instanceof AggregateError) return error.errors.map(explain).join("; ");
  return error instanceof Error ? error.message : String(error);
}

function parseStatus(text: string): Status | undefined {
  try {
    const answer = JSON.parse(text) as (Status & { kind?: string }) | null;
    return answer?.kind === "Status" ? answer : undefined;
  } catch {
    return undefined;
  }
}

/** Of the network, and of name servers; a certificate that is not trusted stays so. */
const passingCodes = [
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
];

/** Whether the same request may well be answered a moment later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof RefusalError) return error.httpStatus === 429 || error.httpStatus >= 500;
  return error instanceof Error && "code" in error && passingCodes.includes(String(error.code));
}
