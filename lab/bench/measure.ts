import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Measured {
  /** Median of the wall times. */
  medianMs: number;
  /** The most memory that any run has had resident; VmHWM of proc(5), so a little may be missing. */
  peakMiB: number;
}

const runs = 10;
const sampleMs = 5;

/** Runs two programs in turn, after one run of each that does not count; both have to end with 0. */
export async function measureInTurn(
  a: readonly string[],
  b: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<[Measured, Measured]> {
  const samples: [Measured[], Measured[]] = [[], []];
  for (let run = -1; run < runs; run += 1) {
    for (const [index, argv] of [a, b].entries()) {
      const measured = await runOnce(argv, env);
      if (run >= 0) samples[index]?.push(measured);
    }
  }
  const [ofA, ofB] = samples;
  return [summarize(ofA), summarize(ofB)];
}

function summarize(samples: Measured[]): Measured {
  const times = samples.map(({ medianMs }) => medianMs).toSorted((a, b) => a - b);
  const middle = times.length / 2;
  return {
    medianMs: ((times[Math.ceil(middle) - 1] ?? 0) + (times[Math.floor(middle)] ?? 0)) / 2,
    peakMiB: Math.max(...samples.map(({ peakMiB }) => peakMiB)),
  };
}

async function runOnce(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Measured> {
  const [file = "", ...args] = argv;
  const { promise, resolve, reject } = Promise.withResolvers<Measured>();
  const startedAt = performance.now();
  const child = spawn(file, args, { env, stdio: "ignore" });
  let peakMiB = 0;
  const timer = setInterval(() => {
    peakMiB = Math.max(peakMiB, readPeak(child.pid));
  }, sampleMs);
  child.once("error", reject);
  child.once("exit", (code) => {
    const medianMs = performance.now() - startedAt;
    clearInterval(timer);
    if (code === 0) resolve({ medianMs, peakMiB });
    else reject(new Error(`${argv.join(" ")} ended with code ${code}`));
  });
  return await promise;
}

function readPeak(pid: number | undefined): number {
  try {
    const [, kib = "0"] =
      /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kib) / 1024;
  } catch {
    // It has ended between two looks.
    return 0;
  }
}
