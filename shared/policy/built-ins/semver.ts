/**
 * Semantic versions as OPA reads them (internal/semver): https://semver.org, and a leading `v`.
 *
 * The package `semver` refuses what OPA takes (numbers beyond 2^53, texts beyond 256 characters), so this is our own.
 */
import { type Family, isInt64, takes, text, Undefined } from './operands.ts';
import { compareTexts } from './terms.ts';

interface Version {
  readonly numbers: readonly bigint[];
  /** None: a release. */
  readonly preRelease: readonly string[];
}

const IDENTIFIERS = /^[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*$/;
const NUMBER = /^(?:0|[1-9]\d{0,18})$/;
const DECIMALS = /^\d+$/;

const cut = (value: string, mark: string): readonly [before: string, after: string | undefined] => {
  const at = value.indexOf(mark);
  return at === -1 ? [value, undefined] : [value.slice(0, at), value.slice(at + 1)];
};

const readNumbers = (value: string): readonly bigint[] | undefined => {
  const parts = value.split('.', 4);
  if (parts.length !== 3 || !parts.every((part) => NUMBER.test(part))) return undefined;
  const numbers = parts.map(BigInt);
  return numbers.every(isInt64) ? numbers : undefined;
};

const isIdentifier = (value: string): boolean => !(DECIMALS.test(value) && value.length > 1 && value.startsWith('0'));

const readPreRelease = (value: string | undefined): readonly string[] | undefined => {
  if (value === undefined) return [];
  if (!IDENTIFIERS.test(value)) return undefined;
  const identifiers = value.split('.');
  return identifiers.every(isIdentifier) ? identifiers : undefined;
};

const parse = (value: string): Version | undefined => {
  const [version, metadata] = cut(value.startsWith('v') ? value.slice(1) : value, '+');
  if (metadata !== undefined && !IDENTIFIERS.test(metadata)) return undefined;
  const [release, rest] = cut(version, '-');
  const numbers = readNumbers(release);
  const preRelease = readPreRelease(rest);
  return numbers && preRelease ? { numbers, preRelease } : undefined;
};

/** Numbers come before words; the longer number, without zeros before it, is the greater. */
const compareIdentifiers = (a: string, b: string): number => {
  const [numeric, other] = [DECIMALS.test(a), DECIMALS.test(b)];
  if (numeric !== other) return numeric ? -1 : 1;
  return (numeric && a.length - b.length) || compareTexts(a, b);
};

const comparePreReleases = (a: readonly string[], b: readonly string[]): number => {
  // A release comes after everything that was before it.
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (const [at, identifier] of a.entries()) {
    const other = b[at];
    const order = other === undefined ? 1 : compareIdentifiers(identifier, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
};

const compareNumbers = (a: readonly bigint[], b: readonly bigint[]): number => {
  const at = a.findIndex((value, index) => value !== b[index]);
  if (at === -1) return 0;
  return (a[at] as bigint) < (b[at] as bigint) ? -1 : 1;
};

const parsed = (value: string): Version => {
  const version = parse(value);
  if (version === undefined) throw new Undefined(`string ${value} is not a valid SemVer`);
  return version;
};

const compare = (left: string, right: string): number => {
  const [a, b] = [parsed(left), parsed(right)];
  return Math.sign(compareNumbers(a.numbers, b.numbers) || comparePreReleases(a.preRelease, b.preRelease));
};

export const SEMVER: Family = [
  ['semver.compare', takes([text, text], compare)],
  ['semver.is_valid', (value) => text(value) && parse(value) !== undefined],
];
