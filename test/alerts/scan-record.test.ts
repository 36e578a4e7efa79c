/** What is remembered of a scan is a join: whatever way its events come, and how often, it ends in the same bytes. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { joinChange, type ScanRecord, standingOf } from '../../shared/alerts/scan-record.ts';
import { shortHash } from '../../shared/alerts/told-condition.ts';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import type { Event } from '../../shared/events/event.ts';
import { isIgnored } from '../../shared/events/scope.ts';
import { readStatusChange, type ScanChange } from '../../shared/events/status-change.ts';
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

const changeOf = (event: Event): ScanChange => {
  const change = readStatusChange(event, readScope({}));
  if (isIgnored(change)) throw new Error(change.ignored);
  return change;
};

const recordOf = (changes: readonly ScanChange[]): ScanRecord => changes.reduce(joinChange, [] as ScanRecord);

const kinds: readonly ((of: OfRun) => Event)[] = [started, completed, crashed, deleted, passed, failed, unjudged];

/** Facts of up to five runs, some of one instant. */
const facts = fc
  .array(fc.record({ of: fc.constantFrom(...kinds), run: fc.constantFrom(0, 1, 2, 10, 20), after: fc.nat(2) }), {
    minLength: 1,
    maxLength: 20,
  })
  .map((all) => all.map(({ of, ...when }) => changeOf(of(when))));

const shuffledTwice = facts.chain((all) =>
  fc.tuple(
    fc.constant(all),
    fc.shuffledSubarray([...all, ...all], { minLength: 2 * all.length, maxLength: 2 * all.length }),
  ),
);

describe('the record of a scan', () => {
  it('is the same for any order and repetition of its events', () => {
    fc.assert(
      fc.property(shuffledTwice, ([all, shuffled]) => {
        expect(canonicalJson(recordOf(shuffled))).toBe(canonicalJson(recordOf(all)));
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the newest five runs, and what of an older one comes late is forgotten', () => {
    const runs = Array.from({ length: 30 }, (_, run) => changeOf(failed({ run })));
    const record = recordOf(runs);
    expect(record.map(({ age }) => age)).toEqual([29, 28, 27, 26, 25].map(minute));
    expect(joinChange(record, changeOf(passed({ run: 3 })))).toEqual(record);
  });

  it('stays small, whatever the scans say', () => {
    const ids = Array.from({ length: 20_000 }, (_, at) => `CVE-2026-${at}-${'x'.repeat(10)}`);
    const record = recordOf([0, 1, 2, 3, 4].map((run) => changeOf(failed({ run }, ids))));
    expect(Buffer.byteLength(JSON.stringify(record))).toBeLessThan(200_000);
    expect(record[0]?.conditions.PolicySucceeded?.count).toBe(20_000);
  });

  it('knows a run by the earliest instant that was told of it, as the scan itself does', () => {
    const late = changeOf(failed({ run: 10 }));
    const earlier = { ...late, run: { ...late.run, age: minute(5) } };
    for (const order of [
      [late, earlier],
      [earlier, late],
    ])
      expect(recordOf(order)[0]?.age).toBe(minute(5));
  });
});

describe('where a condition stands', () => {
  it('is where the newest run put it that decided it', () => {
    const record = recordOf([failed({ run: 0 }), passed({ run: 10 }), started({ run: 20 })].map(changeOf));
    expect(standingOf(record, 'PolicySucceeded')).toMatchObject({ told: { to: 'True' }, from: 'False', opens: false });
    expect(standingOf(record, 'Scanning')).toMatchObject({ told: { to: 'True' }, opens: true });
    expect(standingOf(record, 'Succeeded')).toBeUndefined();
  });

  it('tells which vulnerabilities the run before did not have, by those that are known of it', () => {
    const record = recordOf([failed({ run: 0 }, ['A', 'B']), failed({ run: 10 }, ['B', 'C'])].map(changeOf));
    expect(standingOf(record, 'PolicySucceeded')?.fresh).toEqual(new Set([shortHash('C')]));
    expect(standingOf(record.slice(1), 'PolicySucceeded')?.fresh).toBeUndefined();
  });

  it('counts what a message had no room for', () => {
    const many = changeOf(
      failed(
        { run: 0 },
        Array.from({ length: 9_000 }, (_, at) => `GHSA-${at}`),
      ),
    );
    const told = standingOf(recordOf([many]), 'PolicySucceeded')?.told;
    expect(told).toMatchObject({ count: 9_000 });
    expect(told?.ids).toHaveLength(2_000);
  });
});
