/** Which addresses are public, and which may be asked nevertheless. */
import { isIP } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addressFilter, isAddressRange } from '../../shared/remote/addresses.ts';

const isAllowed = addressFilter([]);

describe('an address is public', () => {
  it.each([
    '8.8.8.8',
    '93.184.216.34',
    '172.32.0.1',
    '172.15.255.255',
    '100.128.0.1',
    '2606:4700:4700::1111',
    '2a00:1450:4001::200e',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
  ])('such as %s', (address) => {
    expect(isAllowed(address)).toBe(true);
  });
});

describe('an address is not public', () => {
  it.each([
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '172.31.255.255'],
    ['private', '192.168.1.1'],
    ['loopback', '127.0.0.1'],
    ['loopback', '127.255.255.254'],
    ['loopback', '::1'],
    ['where clouds keep credentials', '169.254.169.254'],
    ['link-local', '169.254.0.1'],
    ['link-local', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['where clouds keep credentials', 'fd00:ec2::254'],
    ['shared by carriers', '100.64.0.1'],
    ['shared by carriers', '100.127.255.255'],
    ['of this network', '0.0.0.0'],
    ['of this network', '0.1.2.3'],
    ['unspecified', '::'],
    ['for everybody', '255.255.255.255'],
    ['multicast', '224.0.0.1'],
    ['multicast', 'ff02::1'],
    ['reserved', '240.0.0.1'],
    ['for protocols', '192.0.0.8'],
    ['for examples', '192.0.2.1'],
    ['for examples', '198.51.100.1'],
    ['for examples', '203.0.113.1'],
    ['for examples', '2001:db8::1'],
    ['for examples', '3fff::1'],
    ['for benchmarks', '198.18.0.1'],
    ['a relay', '192.88.99.1'],
    ['unique local', 'fc00::1'],
    ['unique local', 'fdff::1'],
    ['site-local', 'fec0::1'],
    ['to be discarded', '100::1'],
    ['private inside IPv6', '::ffff:10.0.0.1'],
    ['link-local inside IPv6', '::ffff:169.254.169.254'],
    ['link-local inside IPv6, in hexadecimal', '::ffff:a9fe:a9fe'],
    ['compatible', '::127.0.0.1'],
    ['compatible', '::8.8.8.8'],
    ['translated', '::ffff:0:8.8.8.8'],
    ['link-local behind a translator', '64:ff9b::169.254.169.254'],
    ['behind a local translator', '64:ff9b:1::8.8.8.8'],
    ['6to4', '2002:7f00:1::'],
    ['6to4', '2002:808:808::'],
    ['Teredo', '2001:0:4136:e378::'],
    ['outside what is given out', '4000::1'],
    ['segment routing', '5f00::1'],
    ['no address in the usual notation', '2130706433'],
    ['no address in the usual notation', '0x7f.1'],
    ['no address in the usual notation', '010.8.8.8'],
    ['no address in the usual notation', '8.8.8'],
    ['no address', 'localhost'],
    ['no address', ''],
  ])('when it is %s: %s', (_, address) => {
    expect(isAllowed(address)).toBe(false);
  });
});

describe('a range that is allowed', () => {
  const isAllowedHere = addressFilter(['10.1.0.0/16', '127.0.0.0/8', 'fd00:1::/32']);

  it.each(['10.1.2.3', '127.9.9.9', 'fd00:1::9', '::ffff:10.1.0.1', '64:ff9b::10.1.0.1', '8.8.8.8'])(
    'allows %s',
    (address) => {
      expect(isAllowedHere(address)).toBe(true);
    },
  );

  it.each(['10.2.0.1', '169.254.169.254', 'fd00:2::9', '::1', '::10.1.0.1'])('does not allow %s', (address) => {
    expect(isAllowedHere(address)).toBe(false);
  });

  it('allows nothing where it is none', () => {
    const isAllowedByNothing = addressFilter(['10.0.0.0', 'everything', '10.0.0.0/99', '']);
    expect(isAllowedByNothing('10.0.0.0')).toBe(false);
  });

  it.each(['10.0.0.0/8', 'fd00::/8', '0.0.0.0/0', '127.0.0.1/32'])('can be %s', (text) => {
    expect(isAddressRange(text)).toBe(true);
  });

  it.each(['10.0.0.0', '10/8', '0x7f.1/8', '10.0.0.0/33', 'fd00::/129', 'localhost/8', ''])('cannot be %s', (text) => {
    expect(isAddressRange(text)).toBe(false);
  });
});

it('judges an IPv4 address and what carries it alike', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect(isAllowed(`::ffff:${address}`)).toBe(isAllowed(address));
      expect(isAllowed(`64:ff9b::${address}`)).toBe(isAllowed(address));
      expect(isAllowed(`::${address}`)).toBe(false);
    }),
  );
});

it('never calls public what lies outside 2000::/3, and takes any text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV6(), fc.string()), (text) => {
      const begins = /^[23][0-9a-f]{3}:/i.test(text) || /^::ffff:|^64:ff9b::/i.test(text);
      if (isIP(text) !== 4 && !begins) expect(isAllowed(text)).toBe(false);
    }),
  );
});
