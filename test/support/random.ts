/** Random numbers that are the same in every run. */
export interface SeededRandom {
  /** A whole number from 0, below `most`. */
  below(most: number): number;
}

/** By the algorithm mulberry32. */
export function createRandom(seed: number): SeededRandom {
  let state = seed;
  return {
    below(most) {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * most);
    },
  };
}
