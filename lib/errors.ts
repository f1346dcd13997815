/** What each exit code promises to the caller; the list is part of every command's help. */
export const exitCodes = {
  /** Done, or nothing to do, or a dry run without blockers. */
  done: 0,
  /** The command ran and found something wrong. */
  findings: 1,
  /** Bad input or a blocked plan: nothing was changed. */
  badInput: 2,
  /** A person has to decide: nothing was changed, or everything was undone. */
  needsPerson: 3,
  /** Failed before the first irreversible step: the same command can be run again. */
  failed: 4,
  /** Failed after the first irreversible step: the message says what is half done. */
  halfDone: 5,
  /** A defect of infra-k3s itself. */
  bug: 70,
  /** Interrupted from the keyboard; the journal is written. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A place in a file that a person can open; line and column count from 1. */
export interface Place {
  file: string;
  line?: number;
  column?: number;
}

export interface ErrorDetails {
  /** UPPER_SNAKE, the domain first: `SITE_KUBECONFIG_MISSING`. */
  code: string;
  /** What is wrong, one sentence without the reason. */
  message: string;
  where?: Place;
  why?: string;
  /** What to do next, as an imperative sentence or a command line. */
  fix?: string;
  exitCode?: ExitCode;
  cause?: unknown;
}

/** The one error that reaches a person; anything else that escapes is reported as a bug. */
export class InfraError extends Error {
  readonly code: string;
  readonly where: Place | undefined;
  readonly why: string | undefined;
  readonly fix: string | undefined;
  readonly exitCode: ExitCode;

  /** `exitCode` defaults to 2, bad input. */
  constructor(details: ErrorDetails) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "InfraError";
    this.code = details.code;
    this.where = details.where;
    this.why = details.why;
    this.fix = details.fix;
    this.exitCode = details.exitCode ?? exitCodes.badInput;
  }
}

/** Whether `error` is an InfraError that carries one of `codes`. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof InfraError && codes.includes(error.code);
}

/** The same error before anything was done, when what cannot be asked is bad input. */
export function asRefusal(error: InfraError): InfraError {
  return new InfraError({
    ...describeBlocker(error),
    message: `${error.message}; nothing was changed`,
    ...(error.where === undefined ? {} : { where: error.where }),
    exitCode: exitCodes.badInput,
    cause: error,
  });
}

/** An error as a part of a plan, which is JSON: what forbids it. */
export function describeBlocker({ code, message, why, fix }: InfraError): ErrorDetails {
  return {
    code,
    message,
    ...(why === undefined ? {} : { why }),
    ...(fix === undefined ? {} : { fix }),
  };
}

/** One line that says what went wrong, for journals and progress; never a stack trace. */
export function describeError(error: unknown): string {
  if (error instanceof InfraError) {
    return error.why === undefined ? error.message : `${error.message}: ${error.why}`;
  }
  return error instanceof Error ? error.message : String(error);
}
