/** Generated operands that several families of built-ins take, and how calls are made of them. */
import fc from 'fast-check';
import type { Call } from '../opa-calls.ts';

export type Operand = fc.Arbitrary<unknown>;
export type Calls = fc.Arbitrary<Call>;

export const call = (name: string, ...operands: readonly Operand[]): Calls =>
  fc.tuple(...operands).map((generated) => ({ name, operands: generated }));

/** What stands between spaces, or between other marks. */
export const words = (list: string, mark = ' '): readonly string[] => list.split(mark);

export const one = (texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);

/** Some of these, one after the other. */
export const joined = (parts: readonly string[], maxLength: number, separator = ''): fc.Arbitrary<string> =>
  fc.array(one(parts), { maxLength }).map((chosen) => chosen.join(separator));

/** One of each, one after the other. */
export const together = (...parts: readonly fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
  fc.tuple(...parts).map((chosen) => chosen.join(''));

export const json: Operand = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, false, 0, -1, 1.5, 'é', 'x"y', '<b>', '😀', '\u2028'),
    fc.integer(),
    fc.string(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 4 }), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

/** Mostly of the right kind. */
export const orAny = (operand: Operand): Operand =>
  fc.oneof({ weight: 9, arbitrary: operand }, { weight: 1, arbitrary: json });

export const text = orAny(fc.oneof(one(['', 'a', 'aaa', 'CVE-2024-1']), joined(words('a b é 😀 . -'), 8)));
export const texts = fc.oneof(text, fc.array(text, { maxLength: 4 }));
export const count = orAny(fc.oneof(fc.integer({ min: -5, max: 6 }), fc.constantFrom(1.5, 2n ** 62n)));
