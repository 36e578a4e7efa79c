/** `net.cidr_is_valid`. Whether one network contains another the module itself can tell. */
import { isIPv4, isIPv6 } from 'node:net';
import { type Family, text } from './operands.ts';

/** The longest of all is `0000:0000:0000:0000:0000:ffff:255.255.255.255/128`. */
const LONGEST = 64;
const CIDR = /^([\da-f:.]+)\/(\d+)$/i;

const isCidr = (value: unknown): boolean => {
  if (!text(value) || value.length > LONGEST) return false;
  const [, address = '', bits] = CIDR.exec(value) ?? [];
  return (isIPv4(address) && Number(bits) <= 32) || (isIPv6(address) && Number(bits) <= 128);
};

export const NETWORKS: Family = [['net.cidr_is_valid', isCidr]];
