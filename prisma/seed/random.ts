/** Numbers from 0 up to 1 that are the same at every run (mulberry32): a seeded team always looks alike. */
export function createRandom(seed: number) {
  let state = seed >>> 0;
  return function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** `slots` places dealt out in proportion to the weights: an index drawn evenly from them is drawn by weight. */
export function dealt(weights: readonly number[], slots: number): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total <= 0) return [];
  let index = 0;
  let reached = weights[0] ?? 0;
  return Array.from({ length: slots }, (_, slot) => {
    while (((slot + 0.5) / slots) * total > reached && index < weights.length - 1) {
      index += 1;
      reached += weights[index] ?? 0;
    }
    return index;
  });
}
