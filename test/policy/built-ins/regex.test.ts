/** Regular expressions: RE2's, matched and replaced as Go does. */
import { describe, expect, it } from '@jest/globals';
import { callBuiltIn } from '../../support/call-built-in.ts';

describe('regex.find_n', () => {
  it.each([
    ['CVE-\\d+', 'CVE-1 and CVE-22', -1, ['CVE-1', 'CVE-22']],
    ['[a-z]', 'abc', 2, ['a', 'b']],
    ['a*', 'baab', -1, ['', 'aa', '']],
    ['', '😀é', -1, ['', '', '']],
    ['^a', 'aa', -1, ['a']],
    ['(?i)É', 'é', -1, ['é']],
    ['x', 'abc', -1, []],
    ['a', 'a', 0, []],
  ])('finds %j in %j, %p times', (pattern, value, n, expected) =>
    expect(callBuiltIn('regex.find_n', pattern, value, n)).toEqual(expected),
  );

  it.each(['(', '[', 'a{2,1}', 'x{1001}', '(?=a)', '(?<!a)', '\\1', '(a)\\1'])('does not know %j', (pattern) => {
    expect(callBuiltIn('regex.find_n', pattern, 'a', -1)).toBeUndefined();
    expect(callBuiltIn('regex.split', pattern, 'a')).toBeUndefined();
    expect(callBuiltIn('regex.replace', 'a', pattern, 'b')).toBeUndefined();
  });

  it('takes time that grows with the text alone', () => {
    expect(callBuiltIn('regex.find_n', '^(a|a)*$', `${'a'.repeat(20_000)}b`, -1)).toEqual([]);
    expect(callBuiltIn('regex.replace', 'a'.repeat(2_000), '(a*)*c', '')).toBe('a'.repeat(2_000));
  });
});

describe('regex.split', () => {
  it.each([
    ['\\s*,\\s*', 'a , b,c', ['a', 'b', 'c']],
    ['a', 'banana', ['b', 'n', 'n', '']],
    ['', 'é😀', ['é', '😀']],
    ['x', '', ['']],
    ['', '', []],
    ['x*', 'axb', ['a', 'b']],
  ])('splits at %j: %j', (pattern, value, expected) =>
    expect(callBuiltIn('regex.split', pattern, value)).toEqual(expected),
  );
});

describe('regex.replace', () => {
  it.each([
    ['foo', '(o)', '<$1>', 'f<o><o>'],
    ['foo', '^[a-z]', 'F', 'Foo'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: that is Go's template, not ours.
    ['-ab-axxb-', 'a(x*)b', '${1}W', '-W-xxW-'],
    ['-ab-axxb-', 'a(x*)b', '$1W', '---'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as above.
    ['john smith', '(?P<first>\\w+) (?P<last>\\w+)', '$last, ${first}$$$9$', 'smith, john$$'],
    ['ab', '(a)|(b)', '[$1$2]', '[a][b]'],
    ['ab', 'a', '$01', 'b'],
    ['😀', '', '-', '-😀-'],
    ['a', 'a', '$&$`', '$&$`'],
  ])('makes of %j, at %j, with %j: %j', (value, pattern, template, expected) =>
    expect(callBuiltIn('regex.replace', value, pattern, template)).toBe(expected),
  );
});

describe('regex.template_match', () => {
  it.each([
    ['urn:foo:{.*}', 'urn:foo:bar:baz', '{', '}', true],
    ['urn.foo:<[a-z]{3}>!', 'urn.foo:bar!', '<', '>', true],
    ['urn.foo', 'urnxfoo', '<', '>', false],
    ['{a{2}}b', 'aab', '{', '}', true],
    ['{a|b}c', 'xbc', '{', '}', false],
  ])('%j and %j', (template, value, start, end, expected) =>
    expect(callBuiltIn('regex.template_match', template, value, start, end)).toBe(expected),
  );

  it.each([
    ['{a', '{', '}'],
    ['a}{', '{', '}'],
    ['{a)(b}', '{', '}'],
    ['<a>', '<<', '>'],
    ['éaé', 'é', 'é'],
  ])('is undefined for %j between %j and %j', (template, start, end) =>
    expect(callBuiltIn('regex.template_match', template, 'a', start, end)).toBeUndefined(),
  );
});
