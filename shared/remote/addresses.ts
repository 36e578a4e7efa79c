/**
 * Which IP addresses a request may go to: public ones, and the ranges that are allowed nevertheless.
 *
 * An address that only carries an IPv4 address is judged as that one, because that is where packets to it end up.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [Address, number];

/** Where IPv6 has global addresses at all; what is outside, such as `::127.0.0.1`, is an old or a future use. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** The translators' well-known prefix (RFC 6052 §2.1): in networks with IPv6 alone, DNS answers with it. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/** Hexadecimal throughout: of the dotted notation the library makes `::ffff:1.2.3.4` and `::1.2.3.4` the same address. */
const parse = (text: string): Address | undefined => {
  const family = isIP(text);
  if (family !== 6) return family === 4 ? ipaddr.parse(text) : undefined;
  const plain = URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1);
  return plain === undefined ? undefined : ipaddr.parse(plain);
};

const unwrapped = (address: Address): Address => {
  if (address.kind() === 'ipv4') return address;
  const outer = address as ipaddr.IPv6;
  if (outer.isIPv4MappedAddress()) return outer.toIPv4Address();
  return outer.match(NAT64) ? new ipaddr.IPv4(outer.toByteArray().slice(-4)) : outer;
};

const isPublic = (address: Address): boolean =>
  address.range() === 'unicast' && (address.kind() === 'ipv4' || address.match(GLOBAL_UNICAST));

const isIn = (address: Address, [start, bits]: Range): boolean =>
  address.kind() === start.kind() && address.match([start, bits]);

/** Whether the text is a range of addresses, such as `10.0.0.0/8` or `fd00::/8`. */
export const isAddressRange = (text: string): boolean =>
  isIP(text.split('/', 1)[0] ?? '') !== 0 && ipaddr.isValidCIDR(text);

/**
 * Whether a request may go to an address: it is public, or in one of these ranges.
 *
 * What is no address in the usual notation (`0177.1`, `2130706433`) is none; a range that is none allows nothing.
 */
export const addressFilter = (allowed: readonly string[]): ((address: string) => boolean) => {
  const ranges = allowed.filter(isAddressRange).map((text) => ipaddr.parseCIDR(text));
  return (text) => {
    const parsed = parse(text);
    if (parsed === undefined) return false;
    const address = unwrapped(parsed);
    return isPublic(address) || ranges.some((range) => isIn(address, range));
  };
};
