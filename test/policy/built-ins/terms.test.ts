/** Terms as OPA writes and orders them. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseTerm } from '../../../shared/policy/built-ins/term-text.ts';
import { compareTerms, compareTexts, termText } from '../../../shared/policy/built-ins/terms.ts';

const ASCENDING = [
  null,
  false,
  true,
  -1,
  1.5,
  2n ** 53n,
  'a',
  'ab',
  '\uffff',
  '\u{10000}',
  [],
  [1],
  [1, 'a'],
  [2],
  {},
  { a: 1 },
  { a: 1, b: 0 },
  { a: 2 },
  { b: 0 },
  new Set(),
  new Set([1]),
  new Set([3, 1]),
  new Set([2]),
];

describe('terms', () => {
  it('have an order', () => {
    for (const [at, term] of ASCENDING.entries()) {
      for (const [other, than] of ASCENDING.entries()) {
        expect(Math.sign(compareTerms(term, than))).toBe(Math.sign(at - other));
      }
    }
  });

  it('compare texts by their bytes in UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        expect(Math.sign(compareTexts(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });

  it.each([
    ['set()', new Set()],
    ['{1, "a", {"b": {null}}}', new Set([1, 'a', { b: new Set([null]) }])],
    ['[{}, {"a": set()}]', [{}, { a: new Set() }]],
    ['{"x": 12345678901234567890}', { x: 12_345_678_901_234_567_890n }],
    ['{12345678901234567890, -1.5e3}', new Set([12_345_678_901_234_567_890n, -1500])],
    ['{1: {2}, [3]: 4, "a": 5}', { 1: new Set([2]), '[3]': 4, a: 5 }],
    ['{"say \\"}\\" \\u00e9"}', new Set(['say "}" é'])],
  ])('are read from %s', (text, expected) => expect(parseTerm(text)).toEqual(expected));

  it('are read as they were written', () => {
    const terms = fc.letrec((tie) => ({
      term: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom(null, true, 0, -1.5, 2n ** 70n),
        fc.string(),
        fc.array(tie('term')),
        fc.dictionary(fc.string(), tie('term'), { noNullPrototype: true }),
        fc.array(tie('term')).map((members) => new Set(members)),
      ),
    })).term;
    fc.assert(
      fc.property(terms, (term) => {
        const text = termText(term).replaceAll(/\\[xU]/g, '');
        fc.pre(text === termText(term));
        expect(termText(parseTerm(text))).toBe(text);
      }),
    );
  });

  it.each(['', '{', '[1', '{"a"', 'x', '{"a": }', '"a'])('are not read from %j', (text) =>
    expect(() => parseTerm(text)).toThrow(),
  );
});
