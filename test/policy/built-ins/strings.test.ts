/** Texts: their starts and ends, their parts and where these stand. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { callBuiltIn } from '../../support/call-built-in.ts';

const SHORT = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '😀'), maxLength: 4 });

describe('strings.any_prefix_match and strings.any_suffix_match', () => {
  it.each([
    ['a/b/c', 'a/b', true],
    ['b/c', ['a/b', 'b'], true],
    [['x', 'a/b/c'], new Set(['b/', 'a/']), true],
    [['a'], [], false],
    [[], ['a'], false],
    ['', '', true],
    ['a', 'ab', false],
  ])('%p has %p', (values, prefixes, expected) =>
    expect(callBuiltIn('strings.any_prefix_match', values, prefixes)).toBe(expected),
  );

  it.each([
    [7, 'a'],
    ['a', 7],
    [['a', 7], 'a'],
    ['a', ['a', null]],
    ['a', { a: 'a' }],
  ])('are undefined for %p and %p', (values, parts) => {
    expect(callBuiltIn('strings.any_prefix_match', values, parts)).toBeUndefined();
    expect(callBuiltIn('strings.any_suffix_match', values, parts)).toBeUndefined();
  });

  it('find what comparing each with each finds', () => {
    fc.assert(
      fc.property(fc.array(SHORT), fc.array(SHORT), (values, parts) => {
        const some = (matches: (value: string, part: string) => boolean): boolean =>
          values.some((value) => parts.some((part) => matches(value, part)));
        expect(callBuiltIn('strings.any_prefix_match', values, parts)).toBe(some((v, part) => v.startsWith(part)));
        expect(callBuiltIn('strings.any_suffix_match', values, parts)).toBe(some((v, part) => v.endsWith(part)));
      }),
    );
  });
});

describe('the parts of a text', () => {
  it.each([
    ['indexof_n', ['banana', 'ana'], [1, 3]],
    ['indexof_n', ['😀a😀a', 'a'], [1, 3]],
    ['indexof_n', ['abc', 'x'], []],
    ['indexof_n', ['abc', ''], undefined],
    ['strings.count', ['banana', 'ana'], 1],
    ['strings.count', ['😀é', ''], 3],
    ['strings.split_n', ['a.b.c', '.', 2], ['a', 'b']],
    ['strings.split_n', ['a.b.c', '.', -2], ['b', 'c']],
    ['strings.split_n', ['a.b.c', '.', 9], ['a', 'b', 'c']],
    ['strings.split_n', ['a.b.c', '.', 0], []],
    ['strings.split_n', ['é😀', '', 2], ['é', '😀']],
    ['strings.split_n', ['a', '.', 1.5], undefined],
    ['glob.quote_meta', ['*.git{h}u?b[a]\\'], '\\*.git\\{h\\}u\\?b\\[a\\]\\\\'],
  ])('%s%p', (name, operands, expected) => expect(callBuiltIn(name, ...operands)).toEqual(expected));
});
