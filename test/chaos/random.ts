import { createRandom as createFractions } from "@/prisma/seed/random";

export type Random = ReturnType<typeof createRandom>;

/** The same choices for the same seed. */
export function createRandom(seed: number) {
  const next = createFractions(seed);
  /** A whole number from `least` to `most`. */
  const int = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    int,
    chance: (share: number) => next() < share,
    one: <T>(choices: readonly [T, ...T[]]): T => choices[int(0, choices.length - 1)] ?? choices[0],
  };
}
