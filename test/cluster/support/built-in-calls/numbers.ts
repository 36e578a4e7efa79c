/** Calls about versions, quantities and ranges. */
import fc from 'fast-check';
import { type Calls, call, joined, one, orAny, together, words } from './operands.ts';

const identifier = joined(words('0 1 9 a - . Z'), 5);
const optional = (mark: string): fc.Arbitrary<string> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant('') }, { weight: 1, arbitrary: identifier.map((part) => mark + part) });
const version = orAny(
  fc.oneof(
    together(
      one(['', 'v', 'V']),
      one(words('0 1 10 01 9223372036854775807 9223372036854775808')),
      one(['.0', '.1', '.10', '']),
      one(words('.0 .3 .3 .1.2')),
      optional('-'),
      optional('+'),
    ),
    identifier.map((part) => `1.0.0-${part}`),
  ),
);

export const SEMVER: readonly Calls[] = [call('semver.compare', version, version), call('semver.is_valid', version)];

const amount = orAny(
  together(
    one(['', '', '-', '+']),
    one(words('0 10 0.1 0.004 1.5 .5 5. 1e3 1e-3 1E2 4.35 33.33333333 99.999999999999999999 007')),
    one(['', ' k', '"', '\u212a', ...words('k Ki KI M m mi gb GiB T P PB E e Ei KB b x')]),
  ),
);
const small = fc.integer({ min: -9, max: 9 });

export const NUMBERS: readonly Calls[] = [
  call('units.parse', amount),
  call('units.parse_bytes', amount),
  call('numbers.range_step', small, small, fc.integer({ min: -1, max: 4 })),
];
