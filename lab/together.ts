/**
 * Does all at once. Stops all when one fails, and waits for all: nothing is at work any more when
 * this returns. Throws the first failure, or the reason of `signal`.
 */
export async function together<Results extends readonly unknown[]>(
  signal: AbortSignal,
  work: { [Index in keyof Results]: (stop: AbortSignal) => Promise<Results[Index]> },
): Promise<Results> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  const ends = await Promise.allSettled(
    work.map(async (one) => {
      try {
        return await one(stop);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }),
  );
  return ends.map((end) => {
    if (end.status === "rejected") throw stop.reason;
    return end.value;
  }) as unknown as Results;
}
