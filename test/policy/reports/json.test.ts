/** JSON from strangers: nothing that is too deep or too much is ever built. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseJson } from '../../../shared/policy/reports/json.ts';
import { UnreadableReport } from '../../../shared/policy/reports/report.ts';

const parse = (text: string): unknown => parseJson(text, Buffer.from(text));

const problemOf = (text: string): string => {
  try {
    parse(text);
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableReport);
    return error instanceof UnreadableReport ? error.message : '';
  }
};

const nested = (depth: number): string => `${'[{"a":'.repeat(depth / 2)}1${'}]'.repeat(depth / 2)}`;

describe('JSON', () => {
  it('is what JSON.parse makes of it', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (text) => {
        // A lone surrogate has no bytes of its own.
        const written = text.toWellFormed();
        expect(parse(written)).toEqual(JSON.parse(written));
      }),
    );
  });

  it.each([
    ['brackets and escapes inside of texts', '{"a":"[[{{\\"]\\\\","b":["\\\\"]}'],
    ['100 levels', nested(100)],
    ['a member __proto__', '{"__proto__":{"isAdmin":true}}'],
  ])('may have %s', (_, text) => {
    expect(JSON.stringify(parse(text))).toBe(text);
  });

  it.each([
    ['102 levels', nested(102), 'the report nests deeper than 100 levels at byte 300'],
    ['more than four million values', `[${'0,'.repeat(4_000_000)}0]`, 'the report holds more than 4000000 values'],
    ['a missing value', '{"a":}', `the report is not JSON: Unexpected token '}', "{"a":}" is not valid JSON`],
    ['brackets that do not match', '{"a":[}]', 'the report is not JSON: Unexpected token'],
    ['more than it should', '{"a":1}}', 'the report is not JSON: Unexpected non-whitespace character'],
    ['a line after it', '{"a":1}\nlevel=info msg=done', 'the report is not JSON: Unexpected non-whitespace character'],
    [
      'an open object',
      '{"a":{"b":1}',
      'the report ends in the middle: 1 of its brackets is still open at byte 12, its last',
    ],
    ['open lists', '[[[', 'the report ends in the middle: 3 of its brackets are still open at byte 3, its last'],
    ['a text alone that is open', '"é', 'the report ends in the middle: a text is still open at byte 3, its last'],
    ['an open text', '{"é', 'the report ends in the middle: a text is still open at byte 4, its last'],
    [
      'a text that ends in a backslash',
      '{"\\',
      'the report ends in the middle: a text is still open at byte 3, its last',
    ],
    ['an open text whose quote is escaped', '{"a\\"}', 'the report ends in the middle: a text is still open'],
  ])('is refused with %s', (_, text, problem) => {
    expect(problemOf(text)).toContain(problem);
  });
});
