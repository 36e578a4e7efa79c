/** Ranges, and quantities with units. */
import { describe, expect, it } from '@jest/globals';
import { callBuiltIn } from '../../support/call-built-in.ts';

describe('numbers.range_step', () => {
  it.each([
    [1, 7, 3, [1, 4, 7]],
    [7, 1, 4, [7, 3]],
    [2, 2, 9, [2]],
    [2n ** 53n, 2n ** 53n + 3n, 2, [2n ** 53n, 2n ** 53n + 2n]],
  ])('goes from %p to %p by %p', (from, to, step, expected) =>
    expect(callBuiltIn('numbers.range_step', from, to, step)).toEqual(expected),
  );

  it.each([
    [1, 5, 0],
    [1, 5, -1],
    [1.5, 5, 1],
    [1, '5', 1],
  ])('is undefined from %p to %p by %p', (from, to, step) =>
    expect(callBuiltIn('numbers.range_step', from, to, step)).toBeUndefined(),
  );
});

describe('units.parse', () => {
  it.each([
    ['10', 10],
    ['500m', 0.5],
    ['0.0005K', 0.5],
    ['0.0000005M', 0.5],
    ['8k', 8_000],
    ['2Mi', 2_097_152],
    ['2mi', 2_097_152],
    ['128GI', 137_438_953_472],
    ['"1T"', 1_000_000_000_000],
    ['1e3K', 1_000_000],
    ['1E', 1_000_000_000_000_000_000n],
    ['-1.5', -1.5],
    ['0.00000000005', 0.0000000001],
    ['-0.00000000005', -0.0000000001],
    ['1.1Ki', 1126.4],
    // 0.001 is no more exact here than in Go, so this is no whole number.
    ['1e22m', 1e19],
  ])('reads %s', (written, expected) => expect(callBuiltIn('units.parse', written)).toBe(expected));

  it.each(['', 'K', '0.0.0', '1 k', '1kb', '1x', '10e10000000', '1-2', '.', '1\u212a'])('does not read %p', (written) =>
    expect(callBuiltIn('units.parse', written)).toBeUndefined(),
  );
});

describe('units.parse_bytes', () => {
  it.each([
    ['12345', 12_345],
    ['10KB', 10_000],
    ['10KIB', 10_240],
    ['1.1KiB', 1_126],
    ['.5KB', 500],
    ['100m', 100_000_000],
    ['100mi', 104_857_600],
    ['10e', 10_000_000_000_000_000_000n],
    ['10EiB', 11_529_215_046_068_469_760n],
    ['3.2E2MiB', 335_544_320],
    ['1e-2KB', 10],
    ['-1.9', -1],
    ['4.35KB', 4_350],
    // OPA computes with 64 bits, and cuts.
    ['0.004PB', 3_999_999_999_999],
    ['123456789012345678901234567890', 123_456_789_012_345_678_899_921_813_504n],
  ])('reads %s', (written, expected) => expect(callBuiltIn('units.parse_bytes', written)).toBe(expected));

  it.each(['', 'GB', 'foo', '0.0.0', '100 kb', ' 327MiB ', '10e10000000EiB', '1b', '1kk'])(
    'does not read %p',
    (written) => expect(callBuiltIn('units.parse_bytes', written)).toBeUndefined(),
  );
});
