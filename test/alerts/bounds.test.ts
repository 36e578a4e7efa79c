/** What is remembered has a bound, whatever senders put into their events: a record that is too large could not be kept. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { AlertRecord } from '../../shared/alerts/alert-record.ts';
import { joinMember } from '../../shared/alerts/join-member.ts';
import { joinChange, type ScanRecord, type Standing, standingOf } from '../../shared/alerts/scan-record.ts';
import type { Event } from '../../shared/events/event.ts';
import { isIgnored } from '../../shared/events/scope.ts';
import { readStatusChange, type ScanChange } from '../../shared/events/status-change.ts';
import { readScope } from '../../shared/runtime/config.ts';
import { crashed, failed, minute, unjudged } from '../support/alert-changes.ts';
import { ruleWith } from '../support/alert-world.ts';

const LARGEST = 256 * 1_024;
const HUGE = 100_000;

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

/** Characters that take more room in JSON, or in UTF-8, than they seem to. */
const characters = fc.constantFrom('x', '"', '\\', '\u0001', '\n', '\ud800', 'é', '漢', '😀', '\u2028');
const hugeText = characters.map((character) => character.repeat(HUGE));
const huge = fc.record({
  text: hugeText,
  artifact: fc.oneof(
    hugeText.map((image) => ({ registry: { image } })),
    hugeText.map((url) => ({ blob: { url, revision: url } })),
    hugeText.map((text) => ({ [text.slice(0, 99)]: Array.from({ length: 9 }, () => text) })),
  ),
  of: fc.constantFrom(failed, crashed, unjudged),
});

const swollen = (
  event: Event,
  { text, artifact }: { readonly text: string; readonly artifact: object },
): ScanChange => {
  const { worst: _, conditions, ...data } = event.data as { worst?: unknown; conditions: readonly object[] };
  const vulnerability = { id: text, severity: text, component: text, fixedIn: text };
  const worst = Array.from({ length: 20 }, (__, at) => ({ ...vulnerability, id: `${at}${text}` }));
  const swell = (condition: object) => ({ ...condition, reason: text, error: text });
  const hostile = { ...data, artifact, worst, conditions: conditions.map(swell) };
  const change = readStatusChange({ ...event, data: hostile }, readScope({}));
  if (isIgnored(change)) throw new Error(change.ignored);
  return change;
};

const ids = Array.from({ length: 3_000 }, (_, at) => `CVE-2026-${at}`);

const HOSTILE = swollen(failed({ run: 0 }, ids), { text: '"'.repeat(HUGE), artifact: {} });
const RULE = ruleWith({ name: 'r'.repeat(63), once: 'per-run', group: { wait: 1_000, every: 1_000 } });
const namespace = 'n'.repeat(63);
const IDENTITY = {
  cluster: 'c'.repeat(253),
  receiver: 'r'.repeat(63),
  key: 'k'.repeat(64),
  condition: 'PolicySucceeded',
  namespace,
};

const standingIn = (change: ScanChange): Standing => {
  const standing = standingOf(joinChange([], change), 'PolicySucceeded');
  if (standing === undefined) throw new Error('it stands nowhere');
  return standing;
};

/** A group after one more of its scans failed, and perhaps recovered; all its names are as long as they may be. */
const afterLongName = (record: AlertRecord | undefined, at: number, isFiring: boolean): AlertRecord | undefined => {
  const scan = {
    kind: 'K'.repeat(63),
    namespace,
    name: `${'x'.repeat(253)}${at}`.slice(-253),
    uid: `${'u'.repeat(125)}${at}`,
  };
  const standing = standingIn({ ...HOSTILE, scan, run: { uid: 'j'.repeat(128), age: minute(at) } });
  const failing = joinMember(record, IDENTITY, { scan, standing, revision: at, rule: RULE }, 0);
  if (isFiring) return failing;
  const told = { ...standing.told, at: minute(at + 5), to: 'True' as const };
  return joinMember(failing, IDENTITY, { scan, standing: { ...standing, told }, revision: at }, 0);
};

describe('what is remembered', () => {
  it('of a scan fits, whatever its events hold', () => {
    fc.assert(
      fc.property(fc.array(huge, { minLength: 1, maxLength: 15 }), (all) => {
        const changes = all.map((one, run) => swollen(one.of({ run: run % 6 }, ids), one));
        const record = changes.reduce(joinChange, [] as ScanRecord);
        expect(bytesOf(record)).toBeLessThanOrEqual(LARGEST);
      }),
      { numRuns: 30, endOnFailure: true },
    );
  });

  it.each([
    ['give reason for it', true, 150],
    ['gave reason for it', false, 30],
  ])('of a group fits, however many scans with however long names %s, and knows the newest', (_, isFiring, least) => {
    const all = Array.from({ length: 300 }, (__, at) => at);
    const record = all.reduce<AlertRecord | undefined>((known, at) => afterLongName(known, at, isFiring), undefined);
    expect(bytesOf(record)).toBeLessThanOrEqual(LARGEST);
    const members = Object.values(record?.members ?? {});
    expect(members.length).toBeGreaterThanOrEqual(least);
    expect(members.some(({ scan: { name } }) => name.endsWith('x299'))).toBe(true);
  });

  it('of a scan counts no more than a number can hold, though its message says so', () => {
    const event = failed({ run: 0 });
    const { conditions, ...data } = event.data as { readonly conditions: readonly { readonly message: string }[] };
    const endless = conditions.map((one) => ({ ...one, message: `${one.message} … and ${'9'.repeat(400)} more` }));
    const change = readStatusChange({ ...event, data: { ...data, conditions: endless } }, readScope({}));
    if (isIgnored(change)) throw new Error(change.ignored);
    const record = joinChange(joinChange([], change), change);
    expect(record[0]?.conditions.PolicySucceeded?.count).toBe(2);
    expect(JSON.parse(JSON.stringify(record))).toEqual(record);
  });

  it('of a scan whose uid is a word of the language is of that scan alone', () => {
    for (const uid of ['constructor', '__proto__', 'toString']) {
      const change = swollen(failed({ run: 0 }), { text: 'x', artifact: {} });
      const scan = { ...change.scan, uid };
      const looked = { scan, revision: 0, standing: standingIn({ ...change, scan }), rule: ruleWith({}) };
      const record = joinMember(afterLongName(undefined, 0, true), IDENTITY, looked, 0);
      expect(Object.keys(JSON.parse(JSON.stringify(record)).members)).toContain(uid);
    }
  });
});
