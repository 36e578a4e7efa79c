/** Calls about instants, and about durations. */
import fc from 'fast-check';
import { type Calls, call, joined, type Operand, one, orAny, together, words } from './operands.ts';

const instant = fc.bigInt({ min: 0n, max: 4_102_444_800_000_000_000n }).map((at) => (at < 2n ** 53n ? Number(at) : at));
const early = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).filter((at) => at > 2n ** 53n || at < -(2n ** 53n));

/** Zones of which the data has not changed for long: Node and OPA may have other editions of it. */
const zone = one([
  ...words('UTC Europe/Berlin America/New_York Asia/Kolkata Australia/Lord_Howe Asia/Kathmandu Etc/GMT+5 Pacific/Apia'),
  ...words('America/St_Johns Europe/Dublin Nope/Zone europe/berlin +01:00'),
  '',
]);

const ELEMENTS = [
  ...words('2006 06 January Jan 1 01 Monday Mon 2 _2 02 __2 002 15 3 03 4 04 5 05 PM pm Z07:00 Z0700 Z07 Z070000'),
  ...words('Z07:00:00 -07:00 -0700 -07 -070000 -07:00:00 .000 .999 ,000000000 .9 .0000000000000 - : T x é _2006'),
  ...words('Months 100'),
];
const layout = fc.oneof(
  joined(ELEMENTS, 8, ' '),
  joined(ELEMENTS, 6),
  one(words('ANSIC RubyDate RFC822Z RFC1123Z RFC3339 RFC3339Nano 2006-01-02 2006-01-02T15:04:05Z')),
);

const moment: Operand = fc.oneof(
  instant,
  fc.tuple(instant, zone),
  fc.tuple(early, one(['UTC', 'Europe/Berlin'])),
  fc.constantFrom([], 'x', [1, 2], [1, 'UTC', 3], null, 1.5, 2n ** 63n),
);
const shift = orAny(fc.oneof(fc.integer({ min: -30, max: 30 }), fc.constantFrom(1_000, -400)));
const duration = together(
  one(['', '', '-', '+']),
  joined(['', ...words('1h 1.5h .5m 10s 5.ms 0.123456789123456789ns 1d 2w 1y 999999h 1x 1 h 1.2.3d')], 3),
);

/** An instant, a zone, and a layout to write it in. */
export const moments = fc.tuple(instant, one(words('UTC Europe/Berlin Asia/Kolkata America/New_York')), layout);

export const TIME: readonly Calls[] = [
  call('time.date', moment),
  call('time.clock', moment),
  call('time.weekday', moment),
  call('time.format', fc.oneof(moment, fc.tuple(instant, zone, layout))),
  call('time.add_date', moment, shift, shift, shift),
  call('time.diff', moment, moment),
  call('time.parse_duration_ns', duration),
];
