/** Instants, calendars, zones, layouts and durations. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { callBuiltIn } from '../../support/call-built-in.ts';

const NOON = 1_709_208_000_000_000_000n; // 2024-02-29T12:00:00Z
const SECOND = 1_000_000_000n;
const DAY = 86_400n * SECOND;

const parse = (layout: string, written: string): unknown => callBuiltIn('time.parse_ns', layout, written);

describe('time.parse_rfc3339_ns', () => {
  it.each([
    ['2024-02-29T12:00:00Z', NOON],
    ['2024-02-29T14:00:00+02:00', NOON],
    ['2024-02-29T12:00:00.123456789Z', NOON + 123_456_789n],
    ['2024-02-29T12:00:00.1234567899Z', NOON + 123_456_789n],
    ['2024-02-29T12:00:00,5Z', NOON + SECOND / 2n],
    ['1970-01-01T00:00:00.000000007Z', 7],
    ['1677-09-21T00:12:43.145224192Z', -(2n ** 63n)],
    ['2262-04-11T23:47:16.854775807Z', 2n ** 63n - 1n],
  ])('reads %s to the nanosecond', (written, expected) =>
    expect(callBuiltIn('time.parse_rfc3339_ns', written)).toBe(expected),
  );

  it.each([
    '2023-02-29T12:00:00Z',
    '2024-13-01T12:00:00Z',
    '2024-02-29T24:00:00Z',
    '2024-02-29T12:00:60Z',
    '2024-02-29t12:00:00z',
    '2024-02-29 12:00:00Z',
    '2024-02-29T12:00:00',
    '2024-02-29T12:00:00+25:00',
    '1677-09-21T00:12:43.145224191Z',
    '2262-04-11T23:47:16.854775808Z',
    '9999-01-01T00:00:00Z',
    '',
  ])('does not read %p', (written) => expect(callBuiltIn('time.parse_rfc3339_ns', written)).toBeUndefined());
});

describe('time.parse_ns', () => {
  it.each([
    ['2006-01-02', '2024-02-29', NOON - DAY / 2n],
    ['RFC1123', 'Thu, 29 Feb 2024 12:00:00 GMT', NOON],
    ['RFC850', 'Thursday, 29-Feb-24 12:00:00 CET', NOON],
    ['ANSIC', 'Thu Feb 29 12:00:00 2024', NOON],
    ['Jan _2 2006 3:04PM', 'feb  29 2024 12:00PM', NOON],
    ['2 January 2006 03:04 pm', '29 FEBRUARY 2024 12:00 am', NOON - DAY / 2n],
    ['2006-002 15h', '2024-060 12h', NOON],
    ['06-1-2 15:4:5.000 -0700', '24-2-29 10:0:0.250 -0200', NOON + SECOND / 4n],
    ['06', '69', -31_536_000_000_000_000n],
    ['2006 Z07:00:00', '1970 -00:00:05', 5_000_000_000],
  ])('reads %j: %j', (layout, written, expected) => expect(parse(layout, written)).toBe(expected));

  it.each([
    ['2006-01-02', '2024-2-29'],
    ['2006-01-02', '2024-02-29x'],
    ['2006-002', '2023-366'],
    ['2006-01-02 002', '2024-02-29 061'],
    ['15:04 PM', '12:00 XM'],
    ['2006 MST', '2024 ABCD'],
    ['2006 MST', '2024 GMTX'],
    ['05.000', '10.25'],
    ['Mon', 'Xyz'],
  ])('does not read %j: %j', (layout, written) => expect(parse(layout, written)).toBeUndefined());

  it('reads what time.format writes', () => {
    const instants = fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n });
    const layouts = fc.constantFrom(
      'RFC3339Nano',
      'Mon Jan _2 15:04:05.000000000 -0700 2006',
      '2006 002 3:4:5,999999999PM Z07:00',
    );
    fc.assert(
      fc.property(instants, layouts, fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata'), (at, layout, zone) => {
        fc.pre(at > 0n);
        expect(BigInt(parse(layout, callBuiltIn('time.format', [at, zone, layout]) as string) as bigint)).toBe(at);
      }),
    );
  });
});

describe('time.format', () => {
  it.each([
    [NOON, '2024-02-29T12:00:00Z'],
    [[NOON], '2024-02-29T12:00:00Z'],
    [[NOON + 120_000_000n, 'America/New_York'], '2024-02-29T07:00:00.12-05:00'],
    [[NOON, 'Asia/Kolkata', 'RFC1123Z'], 'Thu, 29 Feb 2024 17:30:00 +0530'],
    [[NOON, 'Europe/Berlin', 'Monday 2 January 06 _2/01/1 __2 002'], 'Thursday 29 February 24 29/02/2  60 060'],
    [[NOON + 5n * SECOND, '', '3 03 4 04 5 05 PM pm .00 .99 ,999'], '12 12 0 00 5 05 PM pm .00  '],
    [[NOON, 'Asia/Kathmandu', 'Z07 Z0700 Z07:00 Z070000 -07 -07:00:00'], '+05 +0545 +05:45 +054500 +05 +05:45:00'],
    [[NOON, 'UTC', 'Z07 -07:00 MST'], 'Z +00:00 UTC'],
    [[NOON, 'Europe/Berlin', 'MST'], 'CET'],
    [[NOON, 'America/New_York', 'UnixDate'], 'Thu Feb 29 07:00:00 EST 2024'],
    [[NOON, 'Asia/Kathmandu', 'MST'], '+0545'],
    [[-1], '1969-12-31T23:59:59.999999999Z'],
    [[NOON, 'UTC', 'Month Janus _2006 .5'], 'Month Janus _2024 .0'],
  ])('writes %p as %j', (moment, expected) => expect(callBuiltIn('time.format', moment)).toBe(expected));
});

describe('calendars and clocks', () => {
  it.each([
    ['time.date', NOON, [2024, 2, 29]],
    ['time.date', [NOON + DAY / 2n - 1n, 'UTC'], [2024, 2, 29]],
    ['time.date', [NOON, 'Pacific/Apia'], [2024, 3, 1]],
    ['time.clock', [NOON, 'Australia/Lord_Howe'], [23, 0, 0]],
    ['time.clock', [NOON, 'Local'], [12, 0, 0]],
    ['time.weekday', NOON, 'Thursday'],
    ['time.weekday', [NOON, 'Pacific/Apia'], 'Friday'],
  ])('%s of %p is %j', (name, moment, expected) => expect(callBuiltIn(name, moment)).toEqual(expected));

  it.each([[[]], ['text'], [1.5], [2n ** 63n], [[1, 'Nope/Zone']], [[1, 'europe/berlin']], [[1, '+01:00']], [[1, 2]]])(
    'know no %p',
    (moment) => {
      for (const name of ['time.date', 'time.clock', 'time.weekday', 'time.format']) {
        expect(callBuiltIn(name, moment)).toBeUndefined();
      }
    },
  );

  it.each([
    [NOON, [1, 0, 0], '2025-03-01T12:00:00Z'],
    [NOON, [0, 12, 0], '2025-03-01T12:00:00Z'],
    [NOON, [0, -1, -29], '2023-12-31T12:00:00Z'],
    [[NOON, 'Europe/Berlin'], [0, 0, 31], '2024-03-31T11:00:00Z'],
    // 02:30 there was not on that day, when clocks went from 2 to 3.
    [[NOON - (10n * 3600n + 1800n) * SECOND, 'Europe/Berlin'], [0, 1, 2], '2024-03-31T01:30:00Z'],
  ])('%p and %j more is %s', (moment, added, expected) => {
    expect(callBuiltIn('time.format', callBuiltIn('time.add_date', moment, ...added))).toBe(expected);
  });

  it('end where 64 bits do', () => {
    expect(callBuiltIn('time.add_date', NOON, 300, 0, 0)).toBeUndefined();
    expect(callBuiltIn('time.add_date', -(2n ** 63n), 0, 0, -1)).toBeUndefined();
    expect(callBuiltIn('time.add_date', 0, 2n ** 60n, 0, 0)).toBeUndefined();
  });

  it.each([
    [NOON, NOON + 61n * SECOND, [0, 0, 0, 0, 1, 1]],
    [NOON + DAY, NOON, [0, 0, 1, 0, 0, 0]],
    ['2020-02-02', '2020-03-01', [0, 0, 28, 0, 0, 0]],
    ['2021-02-02', '2021-03-01', [0, 0, 27, 0, 0, 0]],
    ['2004-02-29', '2005-03-01', [1, 0, 1, 0, 0, 0]],
    ['2019-12-31', '2020-01-01', [0, 0, 1, 0, 0, 0]],
  ])('from %p to %p it is %j', (from, to, expected) => {
    const instant = (told: unknown): unknown => (typeof told === 'string' ? parse('2006-01-02', told) : told);
    expect(callBuiltIn('time.diff', instant(from), instant(to))).toEqual(expected);
  });
});

describe('time.parse_duration_ns', () => {
  it.each([
    ['100ms', 100_000_000],
    ['1h30m', 5_400_000_000_000],
    ['-1.5h', -5_400_000_000_000],
    ['1us1µs1μs1ns', 3_001],
    ['0', 0],
    ['.5s', 500_000_000],
    ['30d', 2_592_000_000_000_000],
    ['1d2h30m', 95_400_000_000_000],
    ['-0.5w', -302_400_000_000_000],
    ['1y', 31_536_000_000_000_000n],
    ['9223372036854775807ns', 2n ** 63n - 1n],
    ['-9223372036854775808ns', -(2n ** 63n)],
  ])('reads %s', (written, expected) => expect(callBuiltIn('time.parse_duration_ns', written)).toBe(expected));

  it.each(['', '1', '1x', 'h', '.s', '1h ', '1 h', '1.2.3d', '1.2.3s', '9223372036854775808ns', '293y', '1d2', '--1s'])(
    'does not read %p',
    (written) => expect(callBuiltIn('time.parse_duration_ns', written)).toBeUndefined(),
  );
});
