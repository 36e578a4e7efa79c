/** The cache of scans: what it gives back is what it was given, and it does not grow for ever. */
import { describe, expect, it } from '@jest/globals';
import { project } from '../../shared/conditions/project.ts';
import { scanCache } from '../../shared/scans/scan-cache.ts';
import { NO_SPEC, type StoredScan } from '../../shared/scans/store.ts';
import { second } from '../support/arbitraries.ts';
import { movableClock } from '../support/clock.ts';
import { scanNamed } from '../support/store-contract.ts';

const moveClock = movableClock();

const stored = (name: string, more: Partial<StoredScan> = {}): StoredScan => {
  const runs = [{ uid: 'a', age: second(1), startedAt: second(1) }];
  const status = JSON.parse(JSON.stringify(project({}, runs, NO_SPEC)));
  return { scan: scanNamed(name), resourceVersion: '7', status, runs, spec: NO_SPEC, ...more };
};

describe('the cache', () => {
  it('gives back what it was given, for a minute', () => {
    const cache = scanCache();
    const scans = [
      stored('one', { labels: { team: 'a' }, spec: { namesPolicy: true, artifact: { a: 1 } } }),
      stored('two'),
    ];
    for (const one of scans) cache.set(one);
    moveClock(50_000);
    expect(scans.map(({ scan }) => cache.get(scan))).toEqual(scans);
    moveClock(11_000);
    expect(scans.map(({ scan }) => cache.get(scan))).toEqual([undefined, undefined]);
  });

  it('knows a scan by its uid, too, and forgets it where it is told to', () => {
    const cache = scanCache();
    cache.set(stored('one'));
    expect(cache.get(scanNamed('one', { uid: 'recreated' }))).toBeUndefined();
    cache.delete(scanNamed('one', { uid: 'recreated' }));
    expect(cache.get(scanNamed('one'))).toBeDefined();
    cache.delete(scanNamed('one'));
    expect(cache.get(scanNamed('one'))).toBeUndefined();
  });

  it('is not changed by what is done to what it gave', () => {
    const cache = scanCache();
    cache.set(stored('one'));
    Object.assign(cache.get(scanNamed('one'))?.status ?? {}, { phase: 'Failed' });
    expect(cache.get(scanNamed('one'))).toEqual(stored('one'));
  });

  it('forgets what was not looked at for longest, once it is full', () => {
    const cache = scanCache();
    const theirs = 'x'.repeat(1_048_576);
    const big = (at: number): StoredScan => stored(`scan-${at}`, { status: { theirs } });
    for (let at = 0; at < 31; at += 1) cache.set(big(at));
    expect(cache.get(scanNamed('scan-0'))).toBeDefined();
    for (let at = 31; at < 33; at += 1) cache.set(big(at));
    const kept = Array.from({ length: 33 }, (_, at) => at).filter((at) => cache.get(scanNamed(`scan-${at}`)));
    expect(kept).toContain(0);
    expect(kept).toContain(32);
    expect(kept).not.toContain(1);
    expect(kept.length).toBeLessThanOrEqual(31);
  });
});
