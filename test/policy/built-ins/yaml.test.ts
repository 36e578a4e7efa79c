/** YAML, as OPA reads it. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { termText } from '../../../shared/policy/built-ins/terms.ts';
import { callBuiltIn } from '../../support/call-built-in.ts';

describe('yaml.unmarshal', () => {
  it.each([
    ['a: [1, "1", yes, true, ~]', { a: [1, '1', 'yes', true, null] }],
    ['[0x1F, 0o17, 017, 0b11, 1_000, -5, +5]', [31, 15, 15, 3, 1000, -5, 5]],
    ['[08, 1e3, .5, 1., 0_, _1]', [8, 1000, 0.5, 1, 0, '_1']],
    ['[9223372036854775807, 18446744073709551615]', [9_223_372_036_854_775_807n, 18_446_744_073_709_551_615n]],
    // No longer a whole number to Go, which writes it as JSON with as few digits as tell it from others.
    ['18446744073709551616', 18_446_744_073_709_552_000n],
    ['[2001-01-01, 12:30, 1.2.3]', ['2001-01-01', '12:30', '1.2.3']],
    ['{1: a, true: b, 1.5: c}', { 1: 'a', true: 'b', '1.5': 'c' }],
    ['a: 1\na: 2', { a: 2 }],
    ['a: &x {p: 1}\nb: {<<: *x, q: 2}', { a: { p: 1 }, b: { p: 1, q: 2 } }],
    ['a: 1\n---\nb: 2', { a: 1 }],
    ['a: !Ref b\nc: !Sub [d]\ne: !If {f: 1}', { a: 'b', c: ['d'], e: { f: 1 } }],
    ['a: |\n  x\n  y\n', { a: 'x\ny\n' }],
    ['', null],
    ['   ', null],
  ])('reads %j', (source, expected) => {
    expect(callBuiltIn('yaml.unmarshal', source)).toEqual(expected);
    expect(callBuiltIn('yaml.is_valid', source)).toBe(true);
  });

  it.each(['a: b: c', '[', '  a:\nb: 1', '.inf', '[.nan]', 'a: 1\n---\n[', '? [1]\n: 2', '&a [*a]', '*a', 'a: "\\q"'])(
    'does not read %j',
    (source) => {
      expect(callBuiltIn('yaml.unmarshal', source)).toBeUndefined();
      expect(callBuiltIn('yaml.is_valid', source)).toBe(false);
    },
  );

  it('finds nothing but a text valid', () => expect(callBuiltIn('yaml.is_valid', 7)).toBe(false));
});

describe('yaml.marshal', () => {
  it.each([
    [{ b: [1, 'true', null], a: {} }, "a: {}\nb:\n  - 1\n  - 'true'\n  - null\n"],
    [new Set(['y', 'x']), "- x\n- 'y'\n"],
    [2n ** 60n, '1152921504606846976\n'],
  ])('writes %p', (term, expected) => expect(callBuiltIn('yaml.marshal', term)).toBe(expected));

  it('writes what yaml.unmarshal reads', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (term) => {
        const normal = JSON.parse(JSON.stringify(term));
        expect(termText(callBuiltIn('yaml.unmarshal', callBuiltIn('yaml.marshal', normal)))).toBe(termText(normal));
      }),
    );
  });
});
