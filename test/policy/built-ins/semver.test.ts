/** Versions, as OPA reads and orders them. */
import { describe, expect, it } from '@jest/globals';
import { callBuiltIn } from '../../support/call-built-in.ts';

/** From https://semver.org/#spec-item-11, and on both sides of the numbers' bound. */
const ASCENDING = [
  '0.0.0-0',
  '0.0.0',
  '0.0.9',
  '0.0.10',
  '1.0.0-1',
  '1.0.0-9',
  '1.0.0-10',
  '1.0.0-alpha',
  'v1.0.0-alpha.1',
  '1.0.0-alpha.1.x',
  '1.0.0-alpha.beta',
  '1.0.0-beta.2',
  '1.0.0-beta.11+build',
  '1.0.0-rc.1',
  '1.0.0',
  'v1.0.1+2',
  '1.9007199254740992.0',
  '1.9007199254740993.0',
  '9223372036854775807.0.0',
];

describe('semver.compare', () => {
  it('orders versions as the specification does', () => {
    for (const [at, version] of ASCENDING.entries()) {
      for (const [other, than] of ASCENDING.entries()) {
        expect([version, than, callBuiltIn('semver.compare', version, than)]).toEqual([
          version,
          than,
          Math.sign(at - other),
        ]);
      }
    }
  });

  it.each([
    ['1.0.0+build', '1.0.0+other'],
    ['v1.2.3', '1.2.3'],
  ])('finds %s and %s the same', (a, b) => expect(callBuiltIn('semver.compare', a, b)).toBe(0));

  it('is undefined where one is no version', () => {
    expect(callBuiltIn('semver.compare', '1', '1.0.0')).toBeUndefined();
    expect(callBuiltIn('semver.compare', '1.0.0', '1.0.0.0')).toBeUndefined();
  });
});

describe('semver.is_valid', () => {
  it.each(ASCENDING)('takes %s', (version) => expect(callBuiltIn('semver.is_valid', version)).toBe(true));

  it.each([
    '',
    '1',
    '1.0',
    '1.0.0.0',
    '01.0.0',
    '1.0.-1',
    '+1.0.0',
    'V1.0.0',
    'vv1.0.0',
    '1.0.0-',
    '1.0.0-01',
    '1.0.0-a..b',
    '1.0.0-é',
    '1.0.0+',
    '1.0.0+a+b',
    '9223372036854775808.0.0',
    ' 1.0.0',
    7,
    null,
  ])('refuses %p', (version) => expect(callBuiltIn('semver.is_valid', version)).toBe(false));
});
