/** Tells a person how far a command is, with the time so far. */
export interface Progress {
  say(text: string): void;
  /** Seconds since the start. */
  readSeconds(): number;
}

/** Writes one line for each thing that is told. */
export function startProgress(write: (text: string) => void): Progress {
  const startedAt = performance.now();
  const readSeconds = () => (performance.now() - startedAt) / 1000;
  return {
    say: (text) => write(`${readSeconds().toFixed(1).padStart(6)} s  ${text}\n`),
    readSeconds,
  };
}
