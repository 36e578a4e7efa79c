/** Shuffles that a seed repeats, so that an order which showed a mistake can be had again. */
import { createHash } from 'node:crypto';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

const numberOf = (seed: string): number => createHash('sha256').update(seed).digest().readInt32LE();

/** The numbers below `count` in an order that `seed` alone decides (Fisher and Yates). */
export const shuffledIndexes = (count: number, seed: string): Uint32Array => {
  const random = xoroshiro128plus(numberOf(seed));
  const indexes = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = uniformInt(random, 0, last);
    const swapped = indexes[last] as number;
    indexes[last] = indexes[other] as number;
    indexes[other] = swapped;
  }
  return indexes;
};
