/** The budget of what starts with every event: what is over it is said, and fails the build. */
import { describe, expect, it } from '@jest/globals';
import { excesses, MOST_BYTES, QUICK } from '../../infra/build/build.ts';
import type { Bundle } from '../../infra/build/bundle.ts';
import type { ColdStart } from '../../infra/build/cold-start.ts';
import { functionNames } from '../support/manifests.ts';

const bundle = (name: string, bytes = MOST_BYTES): Bundle => ({
  name,
  runtime: 'lambda',
  entry: `dist/lambda/${name}/index.mjs`,
  bytes,
  bytesAtStart: 200_000,
  inputs: [],
});

const start = (least: number): ColdStart => ({ bundle: bundle('job-started'), path: 'EKS', least, median: least + 9 });

describe('the budget', () => {
  it('holds the functions that there are', () => {
    expect(QUICK.filter((name) => !functionNames().includes(name))).toEqual([]);
  });

  it('is kept by what is just within it', () => {
    expect(excesses([bundle('job-started')], [start(60)])).toEqual([]);
  });

  it('is exceeded by a byte, or by what takes longer even at its quickest', () => {
    expect(excesses([bundle('job-started', MOST_BYTES + 1)], [start(61)])).toEqual([
      'lambda/job-started has 700 kB; the budget is 700 kB',
      'lambda/job-started (EKS) takes 61 ms above bare Node; the budget is 60 ms',
    ]);
  });

  it('is not for functions that do not start with every event', () => {
    expect(excesses([bundle('evaluate-policy', 2 * MOST_BYTES)], [])).toEqual([]);
  });
});
