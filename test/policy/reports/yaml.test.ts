/** YAML from strangers: small, flat, and without aliases. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { UnreadableReport } from '../../../shared/policy/reports/report.ts';
import { parseYaml } from '../../../shared/policy/reports/yaml.ts';

describe('YAML', () => {
  it.each([
    ['whole numbers', 'a: 12', { a: 12 }],
    ['fractions as texts, as versions are', 'a: 0.10', { a: '0.10' }],
    ['dates as texts', 'a: 2022-04-13', { a: '2022-04-13' }],
    ['nothing as null', 'a:', { a: null }],
    ['booleans', 'a: true', { a: true }],
    ['yes as a text', 'a: yes', { a: 'yes' }],
  ])('tells %s', (_, text, value) => {
    expect(parseYaml(text)).toEqual(value);
  });

  it('keeps the prototype of an object whose member is __proto__', () => {
    const value = parseYaml('__proto__: {isAdmin: true}\na: 1\n');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(value).not.toHaveProperty('isAdmin');
  });

  it.each([
    ['an alias', 'a: &x [1]\nb: *x\n', 'aliases exceeded maxAliases (0), line 2'],
    ['billions of laughs', 'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n', 'aliases exceeded'],
    ['a merge of what is there', 'a: &x {b: 1}\nc:\n  <<: *x\n', 'aliases exceeded'],
    ['a key twice', 'a: 1\na: 2\n', 'duplicated mapping key, line 2'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'expected a single document'],
    ['a tag that makes something', 'a: !!js/function "x"\n', 'not YAML'],
    ['what is too deep', 'a: '.concat('['.repeat(60), ']'.repeat(60)), 'nesting exceeded maxDepth (50)'],
    ['what is too long', 'a'.repeat(5 * 1024 * 1024), 'longer than a scan-result in YAML may be'],
    ['log lines', '{a}: b: c\n\tx', 'not YAML'],
  ])('is refused with %s', (_, text, problem) => {
    expect(() => parseYaml(text)).toThrow(UnreadableReport);
    expect(() => parseYaml(text)).toThrow(problem);
  });

  it('is never an error of another kind', () => {
    const parts = fc.constantFrom(
      'a',
      ':',
      ' ',
      '-',
      '\n',
      '  ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '&x',
      '*x',
      '!',
      '|',
      '>',
      '"',
      "'",
      '#',
      '?',
      '%',
      '@',
      '\t',
      '<<',
    );
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 30 }), (some) => {
        try {
          parseYaml(some.join(''));
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableReport);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
