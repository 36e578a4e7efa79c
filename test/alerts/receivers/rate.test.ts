/** Pacing: a receiver is never asked faster than it allows, and nobody waits longer than is worth it. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { retryAfterOf } from '../../../shared/alerts/receivers/answers.ts';
import { openPace } from '../../../shared/alerts/receivers/rate.ts';
import { errorOf } from '../../support/error-of.ts';
import { testClock } from '../../support/receivers/receiver-server.ts';

describe('a pace', () => {
  it('is kept in every window of time, whenever messages come', async () => {
    const pauses = fc.array(fc.nat(4_000), { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(pauses, fc.integer({ min: 1, max: 5 }), async (between, burst) => {
        const clock = testClock();
        const pace = openPace('ops', { perSecond: 1, burst }, clock);
        const turns: number[] = [];
        for (const pause of between) {
          clock.move(pause);
          await pace.turn();
          turns.push(clock.now());
        }
        // Of a token bucket no more than its size and what flows in meanwhile can be taken.
        for (const [at, start] of turns.entries()) {
          const within = turns.slice(at).filter((turn) => turn - start < 10_000);
          expect(within.length).toBeLessThanOrEqual(burst + 10);
        }
      }),
    );
  });

  it('lets a burst through after a rest, and one at a time then', async () => {
    const clock = testClock();
    const pace = openPace('ops', { perSecond: 2, burst: 3 }, clock);
    for (let turn = 0; turn < 5; turn += 1) await pace.turn();
    expect(clock.slept).toEqual([500, 500]);
    clock.move(60_000);
    for (let turn = 0; turn < 3; turn += 1) await pace.turn();
    expect(clock.slept).toEqual([500, 500]);
  });

  it('holds for as long as the receiver asked, bursts included, and a quarter of an hour at most', async () => {
    const clock = testClock();
    const pace = openPace('ops', { perSecond: 1, burst: 5 }, clock);
    pace.hold(30);
    expect(await errorOf(pace.turn())).toMatchObject({ name: 'Unavailable', retryAfter: 30 });
    clock.move(26_000);
    await pace.turn();
    expect(clock.slept).toEqual([4_000]);
    pace.hold(1_000_000);
    expect(await errorOf(pace.turn())).toMatchObject({ retryAfter: 900 });
  });

  it('does not wait for time that the clock lost', async () => {
    const clock = testClock();
    const pace = openPace('ops', { perSecond: 1, burst: 1 }, clock);
    await pace.turn();
    clock.move(-86_400_000);
    await pace.turn();
    expect(clock.slept).toEqual([]);
  });
});

it.each([
  ['12', 12],
  [' 12 ', 12],
  ['0', 1],
  ['901', 900],
  ['99999999999', undefined],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
  ['Sun, 01 Mar 2026 12:00:10 GMT', 10],
  ['Sun, 01 Mar 2026 11:00:00 GMT', 1],
  ['Fri, 01 Mar 2126 12:00:00 GMT', 900],
])('the wait %j is %s seconds', (value, seconds) => {
  expect(retryAfterOf(value, Date.parse('2026-03-01T12:00:00Z'))).toBe(seconds);
});
