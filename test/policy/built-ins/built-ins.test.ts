/** Which built-ins there are, and what holds for all of them. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { builtInsAt, ForbiddenBuiltIn } from '../../../shared/policy/built-ins/built-ins.ts';
import { callBuiltIn, EVALUATED_AT } from '../../support/call-built-in.ts';

const FORBIDDEN = [
  ['http.send', 'a policy may only look at its report'],
  ['net.lookup_ip_addr', 'a policy may only look at its report'],
  ['opa.runtime', 'a policy may not ask where it is evaluated'],
  ['rand.intn', 'the same request must give the same verdict'],
  ['uuid.rfc4122', 'the same request must give the same verdict'],
] as const;

/** Ten of what is ten times ten of what …: ten million values in a few lines. */
const BOMB = Array.from({ length: 8 }, (_, at) =>
  at === 0 ? 'a0: &a0 [x]' : `a${at}: &a${at} [${`*a${at - 1}, `.repeat(10)}]`,
).join('\n');

/** The text with which a call ends the evaluation. */
const ending = (name: string, ...operands: readonly unknown[]): unknown => {
  try {
    return callBuiltIn(name, ...operands);
  } catch (error) {
    expect(error).toBeInstanceOf(ForbiddenBuiltIn);
    return (error as Error).message;
  }
};

const NAMES = [...builtInsAt(EVALUATED_AT).keys()];

/** Built-ins that answer whatever they are asked. */
const TOTAL = [
  'internal.print',
  'json.is_valid',
  'json.marshal_with_options',
  'net.cidr_is_valid',
  'print',
  'semver.is_valid',
  'time.now_ns',
  'trace',
  'yaml.is_valid',
  'yaml.marshal',
];

describe('the built-ins of a policy', () => {
  it('have a clock that stands at the instant of the evaluation', () => {
    expect(callBuiltIn('time.now_ns')).toBe(1_795_413_112_000_000_000n);
    expect(callBuiltIn('time.now_ns')).toBe(BigInt(Date.parse(EVALUATED_AT)) * 1_000_000n);
  });

  it.each(FORBIDDEN)('forbid %s', (name, why) => {
    expect(ending(name, {})).toBe(`${name} is forbidden: ${why}`);
  });

  it.each([
    ['numbers.range_step', [1, 2_000_000, 1], 'it would give 2000000 numbers, more than 1000000'],
    ['sprintf', ['%1000000d'.repeat(20), Array(20).fill(1)], 'its text would have more than 16777216 characters'],
    ['units.parse', ['1e99999'], 'its exponent is above 9999'],
    ['units.parse_bytes', ['9'.repeat(2_000)], 'it has more than 1000 characters'],
    ['yaml.unmarshal', [BOMB], 'the document has more than 1000000 values'],
    [
      'json.patch',
      [{ a: [1] }, Array(40).fill({ op: 'copy', from: '/a', path: '/a/-' })],
      'it would copy more than 1000000 values',
    ],
    ['json.patch', [{ a: new Set([1]) }, [{ op: 'add', path: '/a/1', value: 1 }]], 'a set cannot be patched here'],
    ['json.patch', [{}, [{ op: 'add', path: [1], value: 1 }]], 'a key that is no text cannot be added here'],
  ])('say that %s asks for too much', (name, operands, why) => {
    expect(ending(name, ...operands)).toBe(`${name}: ${why}`);
  });

  it.each(['io.jwt.decode', 'crypto.x509.parse_certificates', 'graphql.parse', 'regex.globs_match', '__proto__'])(
    'have no %s',
    (name) => expect(builtInsAt(EVALUATED_AT).has(name)).toBe(false),
  );

  it.each(['trace', 'print', 'internal.print'])('take %s and say nothing', (name) => {
    expect(callBuiltIn(name, 'note')).toBe(true);
  });

  it.each(NAMES.filter((name) => !TOTAL.includes(name) && FORBIDDEN.every(([forbidden]) => forbidden !== name)))(
    'leave %s of null undefined',
    (name) => expect(callBuiltIn(name, null, null, null, null)).toBeUndefined(),
  );

  it('end with nothing but an answer or a text, whatever they are asked', () => {
    const terms = fc.array(fc.oneof(fc.jsonValue(), fc.bigInt(), fc.string({ unit: 'binary' })), {
      minLength: 4,
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), terms, (name, operands) => {
        ending(name, ...operands);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['json.patch', [{}, [{ op: 'add', path: '/__proto__', value: { isAdmin: true } }]]],
    ['yaml.unmarshal', ['__proto__: {isAdmin: true}']],
    ['urlquery.decode_object', ['__proto__=isAdmin']],
  ])('give %s a key that is called __proto__, and no prototype', (name, operands) => {
    const result = callBuiltIn(name, ...operands) as object;
    expect(Object.keys(result)).toEqual(['__proto__']);
    expect(result).not.toHaveProperty('isAdmin');
  });
});
