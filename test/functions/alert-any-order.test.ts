/** Events in any order and as often as they like: in the end people know what the scan's record says. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { joinChange, type ScanRecord, standingOf } from '../../shared/alerts/scan-record.ts';
import type { Event } from '../../shared/events/event.ts';
import { isIgnored } from '../../shared/events/scope.ts';
import { readStatusChange } from '../../shared/events/status-change.ts';
import { readScope } from '../../shared/runtime/config.ts';
import {
  completed,
  crashed,
  deleted,
  failed,
  minute,
  type OfRun,
  passed,
  started,
  unjudged,
} from '../support/alert-changes.ts';
import { alertWorld } from '../support/alert-world.ts';

const kinds: readonly ((of: OfRun) => Event)[] = [started, completed, crashed, deleted, passed, failed, unjudged];

/** Facts of up to four runs, many of one instant; some runs seem younger than they are. */
const facts = fc
  .record({ of: fc.constantFrom(...kinds), run: fc.constantFrom(0, 1, 10, 20), after: fc.nat(3), late: fc.nat(2) })
  .map(({ of, late, ...when }): Event => {
    const event = of(when);
    const run = { uid: `run-${when.run}`, age: minute(when.run + late) };
    return { ...event, data: { ...event.data, run } };
  });

const events = fc
  .array(facts, { minLength: 1, maxLength: 12 })
  .chain((all) => fc.shuffledSubarray([...all, ...all], { minLength: all.length }).map((again) => [...again, ...all]));

const recordOf = (all: readonly Event[]): ScanRecord =>
  all.reduce<ScanRecord>((record, event) => {
    const change = readStatusChange(event, readScope({}));
    return isIgnored(change) ? record : joinChange(record, change);
  }, []);

const CONDITIONS = ['Succeeded', 'PolicySucceeded'] as const;

/** What people have to know of a condition; nothing of one that was overtaken before anybody knew it. */
const known = (record: ScanRecord, type: (typeof CONDITIONS)[number]): 'firing' | 'resolved' | undefined => {
  const standing = standingOf(record, type);
  if (standing?.told.to === 'True') return 'resolved';
  return standing?.opens ? 'firing' : undefined;
};

describe('whatever the order of events', () => {
  it('what is well is not open in the end, and what is wrong with the newest run is', async () => {
    await fc.assert(
      fc.asyncProperty(events, async (all) => {
        const world = alertWorld();
        for (const event of all) {
          await world.send(event);
          world.pass(20);
        }
        const last = (type: string) => world.told.findLast(({ alert }) => alert.condition === type)?.alert.status;
        const record = recordOf(all);
        for (const type of CONDITIONS.filter((one) => known(record, one) !== undefined))
          expect([type, last(type) ?? 'resolved']).toEqual([type, known(record, type)]);
      }),
      { numRuns: 400 },
    );
  });
});
