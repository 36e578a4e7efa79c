/** Texts as other texts: hexadecimal, base64, query strings, digests, and networks. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { callBuiltIn } from '../../support/call-built-in.ts';

describe('encodings', () => {
  it.each([
    ['hex.encode', ['é'], 'c3a9'],
    ['hex.decode', ['C3a9'], 'é'],
    ['hex.decode', ['efbbbf61'], '\ufeffa'],
    ['hex.decode', ['c3a9ff62'], 'é\ufffdb'],
    ['hex.decode', ['f09f98'], '\ufffd\ufffd\ufffd'],
    ['hex.decode', ['c3a'], undefined],
    ['hex.decode', ['zz'], undefined],
    ['base64url.encode_no_pad', ['a?>~'], 'YT8-fg'],
    ['urlquery.encode', ["a=b+ü 'x'*~/"], 'a%3Db%2B%C3%BC+%27x%27%2A~%2F'],
    ['urlquery.decode', ['a%3Db+%c3%bc%2B'], 'a=b ü+'],
    ['urlquery.decode', ['%zz'], undefined],
    ['urlquery.decode', ['%4'], undefined],
    ['urlquery.encode_object', [{ b: ['2', '1'], a: 'x y', c: new Set(['z', 'y']) }], 'a=x+y&b=2&b=1&c=y&c=z'],
    ['urlquery.encode_object', [{ a: 1 }], undefined],
    ['urlquery.decode_object', ['a=1&b&a=2&=x&&c=%26'], { a: ['1', '2'], b: [''], '': ['x'], c: ['&'] }],
    ['urlquery.decode_object', ['a=1;b=2'], undefined],
    ['urlquery.decode_object', ['&'.repeat(10_000)], undefined],
  ])('%s%j', (name, operands, expected) => expect(callBuiltIn(name, ...operands)).toEqual(expected));

  it('read what they wrote', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(callBuiltIn('hex.decode', callBuiltIn('hex.encode', value))).toBe(value);
        expect(callBuiltIn('urlquery.decode', callBuiltIn('urlquery.encode', value))).toBe(value);
      }),
    );
  });
});

describe('digests', () => {
  it.each([
    ['crypto.md5', ['lorem ipsum'], '80a751fde577028640c419000e33eba6'],
    ['crypto.sha1', ['lorem ipsum'], 'bfb7759a67daeb65410490b4d98bb9da7d1ea2ce'],
    ['crypto.sha256', ['lorem ipsum'], '5e2bf57d3f40c4b6df69daf1936cb766f832374b4fc0259a7cbff06e2f70f269'],
    // RFC 2202 and RFC 4231, test case 2.
    ['crypto.hmac.md5', ['what do ya want for nothing?', 'Jefe'], '750c783e6ab0b503eaa86e310a5db738'],
    ['crypto.hmac.sha1', ['what do ya want for nothing?', 'Jefe'], 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79'],
    [
      'crypto.hmac.sha256',
      ['what do ya want for nothing?', 'Jefe'],
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      'crypto.hmac.sha512',
      ['what do ya want for nothing?', 'Jefe'],
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
    ],
    ['crypto.hmac.equal', ['ab', 'ab'], true],
    ['crypto.hmac.equal', ['ab', 'abc'], false],
    ['crypto.hmac.equal', ['ab', 'ba'], false],
  ])('%s%j', (name, operands, expected) => expect(callBuiltIn(name, ...operands)).toBe(expected));
});

describe('net.cidr_is_valid', () => {
  it.each(['10.0.0.0/8', '1.2.3.4/08', '::/0', '::ffff:1.2.3.4/96', '1:2:3:4:5:6:7:8/128'])('takes %s', (network) =>
    expect(callBuiltIn('net.cidr_is_valid', network)).toBe(true),
  );

  it.each(['10.0.0.0', '10.0.0.0/33', '010.0.0.1/8', '::/129', 'fe80::1%eth0/64', '1.2.3/8', ' ::/0', '::/', 7])(
    'refuses %p',
    (network) => expect(callBuiltIn('net.cidr_is_valid', network)).toBe(false),
  );
});
