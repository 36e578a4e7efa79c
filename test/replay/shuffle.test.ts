/** Shuffles: every index once, in an order that the seed alone decides. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { shuffledIndexes } from '../../shared/replay/shuffle.ts';

const shuffled = (count: number, seed: string): readonly number[] => [...shuffledIndexes(count, seed)];

describe('shuffledIndexes', () => {
  it('holds every index exactly once, whatever the count and the seed', () => {
    fc.assert(
      fc.property(fc.nat({ max: 500 }), fc.string(), (count, seed) => {
        expect(shuffled(count, seed).toSorted((a, b) => a - b)).toEqual([...new Array(count).keys()]);
      }),
    );
  });

  it('repeats an order for the same seed and has another for another seed', () => {
    expect(shuffled(100, 'monday')).toEqual(shuffled(100, 'monday'));
    expect(shuffled(100, 'monday')).not.toEqual(shuffled(100, 'tuesday'));
  });

  it('comes to every order of three, so that no order of events is out of its reach', () => {
    const seeds = [...new Array(100).keys()].map(String);
    expect(new Set(seeds.map((seed) => shuffled(3, seed).join(''))).size).toBe(6);
  });
});
