/** `sprintf`: what OPA hands to Go, and what Go makes of it. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { callBuiltIn } from '../../support/call-built-in.ts';

const sprintf = (format: string, ...operands: readonly unknown[]): unknown => callBuiltIn('sprintf', format, operands);

const LARGE = 123_456_789_123_456_789_123n;

describe('sprintf', () => {
  it.each([
    ['%s has %d', ['CVE-1', 3], 'CVE-1 has 3'],
    ['%v %v %v', [true, null, 1.5], 'true null 1.5'],
    ['%v', [['a', 1, { b: [], a: 'x"y' }]], '["a", 1, {"a": "x\\"y", "b": []}]'],
    ['%v %v', [new Set(['b', 'a', 10, 9]), new Set()], '{9, 10, "a", "b"} set()'],
    ['%s', [{ '\u{1f600}': 1, '\uffff': 2 }], '{"\\uffff": 2, "😀": 1}'],
    ['100%% of %s', ['a'], '100% of a'],
    ['', [], ''],
  ])('writes %j of %j', (format, operands, expected) => expect(sprintf(format, ...operands)).toBe(expected));

  it.each([
    [
      '%5d|%-5d|%05d|%+d|% d|%x|%X|%#x|%b|%o|%O',
      Array(11).fill(42),
      '   42|42   |00042|+42| 42|2a|2A|0x2a|101010|52|0o52',
    ],
    ['%c%c %U %#U %q', [65, 0x1f600, 8364, 8364, 10], "A😀 U+20AC U+20AC '€' '\\n'"],
    ['%+05d|% 05d|%05d|%*d|%0*d|', [42, 42, -42, -4, 7, -4, 7], '+0042| 0042|-0042|7   |7   |'],
    ['%#U %#U %#U', [0xd800, 0xfffd, 7], "U+D800 U+FFFD '\ufffd' U+0007"],
    ['%.4d|%8.4d|%.0d|', [7, -7, 0], '0007|   -0007||'],
    ['%d %s %x', [LARGE, LARGE, LARGE], '123456789123456789123 123456789123456789123 6b14e9f9b0df36a83'],
    ['%d', [9_007_199_254_740_993n], '9007199254740993'],
  ])('writes whole numbers with %j', (format, operands, expected) =>
    expect(sprintf(format, ...operands)).toBe(expected),
  );

  it.each([
    ['%f %.2f %e %g %v', [0.5, 1.005, 1234.5, 1e-7, 123456789.5], '0.500000 1.00 1.234500e+03 1e-07 1.234567895e+08'],
    ['%.0f %.0f %.1f', [0.5, 1.5, 0.25], '0 2 0.2'],
    ['%8.3f|%-8.3f|%08.3f|%+.1f', [2.4681, 2.4681, -2.4681, 2.5], '   2.468|2.468   |-002.468|+2.5'],
    ['%#g %x %b', [0.5, 1.5, 0.5], '0.500000 0x1.8p+00 4503599627370496p-53'],
    ['%.30f', [0.1], '0.100000000000000005551115123126'],
  ])('writes other numbers with %j', (format, operands, expected) =>
    expect(sprintf(format, ...operands)).toBe(expected),
  );

  it.each([
    ['%q %#q %+q', ['a"b', 'a"b', 'é'], '"a\\"b" `a"b` "\\u00e9"'],
    ['%q', ['\u0007\u200b\u{e0001}'], '"\\a\\u200b\\U000e0001"'],
    ['%5s|%-5s|%.2s|%05s', ['é', 'é', 'éàü', 'a'], '    é|é    |éà|0000a'],
    ['%x % X %#x', ['é', 'é', 'ab'], 'c3a9 C3 A9 0x6162'],
    ['%T %T %T %T', ['a', 1, 1.5, LARGE], 'string int64 float64 *big.Int'],
  ])('writes texts with %j', (format, operands, expected) => expect(sprintf(format, ...operands)).toBe(expected));

  it.each([
    ['%d', ['a'], '%!d(string=a)'],
    ['%t', [true], '%!t(string=true)'],
    ['%s', [1], '%!s(int64=1)'],
    ['%d', [1.5], '%!d(float64=1.5)'],
    ['%c', [LARGE], `%!c(big.Int=${LARGE})`],
    ['%s %s', ['a'], 'a %!s(MISSING)'],
    ['%s', ['a', 2, 'b'], 'a%!(EXTRA int64=2, string=b)'],
    ['%', [], '%!(NOVERB)'],
    ['%!', [1], '%!!(int64=1)'],
    ['%[2]s %[1]s', ['a', 'b'], 'b a'],
    ['%[3]s %[x]s', ['a'], '%!s(BADINDEX) %!s(BADINDEX)'],
    ['%*d|%-*d|%.*f', [4, 7, 4, 7, 1, 2.25], '   7|7   |2.2'],
    ['%*d', ['a', 1], '%!(BADWIDTH)1'],
    ['%.*d', [-1, 1], '%!(BADPREC)1'],
    ['%99999999d', [1], '%!(NOVERB)%!(EXTRA int64=1)'],
  ])('complains as Go does: %j of %j', (format, operands, expected) =>
    expect(sprintf(format, ...operands)).toBe(expected),
  );

  it('is undefined where the operands are no array', () => {
    expect(callBuiltIn('sprintf', '%s', 'a')).toBeUndefined();
    expect(callBuiltIn('sprintf', 1, [])).toBeUndefined();
  });

  it('writes numbers so that JavaScript reads the same', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        fc.pre(!Number.isInteger(value));
        for (const format of ['%v', '%.17g', '%.20e']) {
          expect(Number(sprintf(format, value))).toBe(value);
        }
      }),
    );
  });
});
