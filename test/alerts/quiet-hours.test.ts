/** Quiet hours: as the clocks on the walls go, also where they are set. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { type QuietHours, quietUntil } from '../../shared/alerts/quiet-hours.ts';

const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(text);
const told = (instant: number | undefined): string | undefined =>
  instant === undefined ? undefined : new Date(instant).toISOString();

const minutes = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
const hours = (from: string, to: string, timeZone: string, more: Partial<QuietHours> = {}): QuietHours => ({
  from: minutes(from),
  to: minutes(to),
  timeZone,
  except: [],
  ...more,
});
const until = (quiet: QuietHours, now: string): string | undefined => told(quietUntil(quiet, 'error', at(now)));

const NIGHTS = hours('22:00', '07:00', 'Europe/Berlin');

describe('quiet hours', () => {
  it.each([
    ['before midnight', '2026-01-10T22:30:00Z', '2026-01-11T06:00:00.000Z'],
    ['after midnight', '2026-01-11T02:00:00Z', '2026-01-11T06:00:00.000Z'],
    ['at their first moment', '2026-01-10T21:00:00Z', '2026-01-11T06:00:00.000Z'],
    ['at their last', '2026-01-11T05:59:59.999Z', '2026-01-11T06:00:00.000Z'],
    ['when they are over', '2026-01-11T06:00:00Z', undefined],
    ['by day', '2026-01-11T12:00:00Z', undefined],
    ['in summer', '2026-07-10T21:00:00Z', '2026-07-11T05:00:00.000Z'],
    ['in the night in which clocks are set forward', '2026-03-28T23:00:00Z', '2026-03-29T05:00:00.000Z'],
    ['in the night in which they are set back', '2026-10-24T22:00:00Z', '2026-10-25T06:00:00.000Z'],
  ])('of a night: %s', (_, now, end) => {
    expect(until(NIGHTS, now)).toBe(end);
  });

  it.each([
    [
      'begin when clocks are set past their beginning',
      '02:30',
      '05:00',
      '2026-03-29T01:00:00Z',
      '2026-03-29T03:00:00.000Z',
    ],
    ['not before', '02:30', '05:00', '2026-03-29T00:59:59Z', undefined],
    ['end when clocks are set past their end', '01:00', '02:30', '2026-03-29T00:30:00Z', '2026-03-29T01:00:00.000Z'],
    ['are none where clocks are set past both', '02:10', '02:50', '2026-03-29T01:00:00Z', undefined],
    ['begin at the first of two times', '02:30', '05:00', '2026-10-25T00:30:00Z', '2026-10-25T04:00:00.000Z'],
    ['go on at the second', '02:30', '05:00', '2026-10-25T01:10:00Z', '2026-10-25T04:00:00.000Z'],
    ['end at the first of two times', '01:00', '02:30', '2026-10-25T00:00:00Z', '2026-10-25T00:30:00.000Z'],
    ['do not begin again at the second', '01:00', '02:30', '2026-10-25T01:10:00Z', undefined],
  ])('%s', (_, from, to, now, end) => {
    expect(until(hours(from, to, 'Europe/Berlin'), now)).toBe(end);
  });

  it('know zones in which clocks are set by half an hour, past midnight, or past a whole day', () => {
    expect(until(hours('01:00', '02:15', 'Australia/Lord_Howe'), '2026-10-03T15:00:00Z')).toBe(
      '2026-10-03T15:30:00.000Z',
    );
    const afterMidnight = hours('00:00', '01:00', 'America/St_Johns');
    expect(until(afterMidnight, '2010-11-07T02:45:00Z')).toBe('2010-11-07T04:30:00.000Z');
    expect(until(hours('22:00', '07:00', 'Pacific/Apia'), '2011-12-30T09:00:00Z')).toBe('2011-12-30T17:00:00.000Z');
  });

  it('begin on the days that they name, and last into the next', () => {
    const friday = hours('22:00', '07:00', 'UTC', { days: [5] });
    expect(until(friday, '2026-01-09T23:00:00Z')).toBe('2026-01-10T07:00:00.000Z');
    expect(until(friday, '2026-01-10T05:00:00Z')).toBe('2026-01-10T07:00:00.000Z');
    expect(until(friday, '2026-01-09T05:00:00Z')).toBeUndefined();
    expect(until(friday, '2026-01-10T23:00:00Z')).toBeUndefined();
  });

  it('are one where whole days touch', () => {
    const weekend = hours('00:00', '24:00', 'Europe/Berlin', { days: [6, 0] });
    expect(until(weekend, '2026-01-10T12:00:00Z')).toBe('2026-01-11T23:00:00.000Z');
    expect(until(weekend, '2026-01-11T23:00:00Z')).toBeUndefined();
  });

  it('are not for what is told nevertheless', () => {
    const nights = { ...NIGHTS, except: ['critical'] as const };
    expect(quietUntil(nights, 'critical', at('2026-01-11T02:00:00Z'))).toBeUndefined();
    expect(quietUntil(nights, 'error', at('2026-01-11T02:00:00Z'))).toBe(at('2026-01-11T06:00:00Z'));
  });

  const zone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'));
  const minute = fc.nat(1_439);
  const days = fc.uniqueArray(fc.nat(6), { minLength: 1, maxLength: 7 });
  const quiet = fc
    .record({ from: minute, to: minute, timeZone: zone, days }, { requiredKeys: ['from', 'to', 'timeZone'] })
    .filter(({ from, to }) => from !== to)
    .map((hoursOf): QuietHours => ({ ...hoursOf, except: [] }));
  const instant = fc.integer({ min: at('2010-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z') });
  const lengthOf = ({ from, to }: QuietHours): number => ((to > from ? to : to + 1_440) - from) * 60_000;

  it('end later than now, and at their end they are over', () => {
    fc.assert(
      fc.property(quiet, instant, (of, now) => {
        const end = quietUntil(of, 'info', now);
        if (end === undefined) return;
        expect(end).toBeGreaterThan(now);
        expect(quietUntil(of, 'info', end)).toBeUndefined();
      }),
    );
  });

  it('end after their length at the latest, but for what clocks are set back', () => {
    fc.assert(
      fc.property(
        quiet.filter((of) => lengthOf(of) <= 22 * HOUR),
        instant,
        (of, now) => {
          expect((quietUntil(of, 'info', now) ?? now) - now).toBeLessThanOrEqual(lengthOf(of) + 2 * HOUR);
        },
      ),
    );
  });

  it('end at the same time at each of their moments', () => {
    fc.assert(
      fc.property(quiet, instant, fc.double({ min: 0, max: 1, noNaN: true }), (of, now, part) => {
        const end = quietUntil(of, 'info', now);
        if (end === undefined) return;
        const later = Math.min(end - 1, Math.floor(now + (end - now) * part));
        expect(quietUntil(of, 'info', later)).toBe(end);
      }),
    );
  });

  it('are as long as they say, where nobody sets clocks', () => {
    fc.assert(
      fc.property(quiet, instant, (of, now) => {
        const utc: QuietHours = { ...of, timeZone: 'UTC' };
        const shown = Math.floor((now % (24 * HOUR)) / 60_000);
        const isIn = utc.to > utc.from ? shown >= utc.from && shown < utc.to : shown >= utc.from || shown < utc.to;
        const { days: _, ...daily } = utc;
        expect(quietUntil(daily, 'info', now) !== undefined).toBe(isIn);
      }),
    );
  });
});
