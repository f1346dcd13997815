import type { Terminal } from "../../lib/cli/terminal.ts";

/** A terminal that keeps what it is told, and answers what it is asked from `answers`. */
export interface FakeTerminal extends Terminal {
  stdout: string;
  stderr: string;
  questions: string[];
  interrupt(reason: Error): void;
}

/** Without `answers` there is nobody to ask. */
export function createFakeTerminal(
  options: { isInteractive?: boolean; columns?: number; answers?: string[] } = {},
): FakeTerminal {
  const interruption = new AbortController();
  return {
    stdout: "",
    stderr: "",
    questions: [],
    out(text) {
      this.stdout += text;
    },
    err(text) {
      this.stderr += text;
    },
    async ask(question) {
      this.questions.push(question);
      return options.answers?.shift();
    },
    async askHidden(question) {
      return await this.ask(question);
    },
    isInteractive: options.isInteractive ?? false,
    columns: options.columns ?? 80,
    interrupted: interruption.signal,
    interrupt: (reason) => interruption.abort(reason),
  };
}
