import { redact } from "../cli/redact.ts";
import { type ErrorDetails, exitCodes, InfraError } from "../errors.ts";

/** What tofu was to do. */
export type Verb = "init" | "plan" | "show" | "apply";

/** How many of the last lines of its complaint an error shows. */
const shownLines = 8;

const initCommand = "tofu -chdir=tofu init -backend-config=backends/r2.s3.tfbackend";

/** The error that tofu's complaint comes to (internal/command and internal/encryption of OpenTofu 1.12). */
export function explainFailure(verb: Verb, stderr: string): InfraError {
  const lines = readLines(stderr);
  const text = lines.join("\n");
  const known =
    explainLock(text) ?? explainKey(text) ?? explainFolder(text, verb) ?? explainStale(text);
  if (known !== undefined) return new InfraError(known);
  return new InfraError({
    code: "TOFU_FAILED",
    message:
      verb === "apply"
        ? "tofu apply has failed; some of the plan may be done"
        : `tofu ${verb} has failed; nothing was changed`,
    why: lines.slice(-shownLines).join("\n") || "it does not say why",
    fix:
      verb === "apply"
        ? "Correct what it complains about; what is left to do: tofu -chdir=tofu plan"
        : "Correct what it complains about, then try again",
    exitCode: exitCodes.failed,
  });
}

function explainLock(text: string): ErrorDetails | undefined {
  if (!text.includes("Error acquiring the state lock")) return undefined;
  const read = (name: string) => new RegExp(`^\\s*${name}:\\s+(.+)$`, "m").exec(text)?.[1];
  const [id, who, since] = [read("ID"), read("Who"), read("Created")];
  // Somebody's only if it says whose: a store that cannot be reached is told in the same words.
  if (id === undefined) return undefined;
  return {
    code: "TOFU_STATE_LOCKED",
    message: "another run of tofu holds the lock of its state; nothing was changed",
    why: `${who ?? "somebody"} has held it since ${since ?? "a time that is not told"}, for ${read("Operation") ?? "something"}`,
    fix: `Wait until it is over; once you know that it is not running any more: tofu -chdir=tofu force-unlock ${id}`,
    exitCode: exitCodes.needsPerson,
  };
}

function explainKey(text: string): ErrorDetails | undefined {
  if (/encountered unencrypted payload without unencrypted method/.test(text)) {
    return {
      code: "TOFU_STATE_KEY",
      message: "tofu's state is not encrypted, and only an encrypted one is read",
      why: "somebody has put another one in its place, or made it without this project's settings",
      fix: "Find out who; the last one that tofu wrote is the one to put back",
    };
  }
  if (!/decryption failed for all provided methods/.test(text)) return undefined;
  return {
    code: "TOFU_STATE_KEY",
    message: "the passphrase does not open tofu's state; nothing was changed",
    why: "it was encrypted with another one than TF_VAR_state_passphrase, or changed by somebody else than tofu",
    fix: "Export the right TF_VAR_state_passphrase in .envrc; it is kept where docs/how-to/dns-and-buckets.md says",
  };
}

function explainFolder(text: string, verb: Verb): ErrorDetails | undefined {
  const isNew =
    /Backend initialization required|Backend configuration changed|Module not installed|Required plugins are not installed|Inconsistent dependency lock file/;
  if (verb === "init" || !isNew.test(text)) return undefined;
  return {
    code: "TOFU_NOT_INITIALIZED",
    message: "the folder of tofu is not ready; nothing was changed",
    why: "its backend, modules or providers were not fetched here, or are not those of its files any more",
    fix: `Fetch them once, before they are needed: ${initCommand}`,
  };
}

function explainStale(text: string): ErrorDetails | undefined {
  if (!text.includes("Saved plan is stale")) return undefined;
  return {
    code: "TOFU_PLAN_STALE",
    message: "tofu's state has changed since the plan was made; nothing was changed",
    why: "another run was carried out in between, and the plan may not fit any more",
    fix: "Try again: a new plan is made, and judged anew",
    exitCode: exitCodes.needsPerson,
  };
}

function readLines(stderr: string): string[] {
  return redact(stderr)
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
}
