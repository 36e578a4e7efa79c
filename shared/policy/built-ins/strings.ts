/** Built-ins over texts. Positions and counts are of characters (code points), as everywhere in Rego. */
import { arrayOrSet, type Family, int64, takes, text, Undefined } from './operands.ts';

const characters = (value: string): readonly string[] => Array.from(value);

/** One text, or an array or set of nothing but texts. */
const texts = (term: unknown): readonly string[] => {
  if (text(term)) return [term];
  if (!arrayOrSet(term)) throw new Undefined('must be one of {string, set, array}');
  const members: readonly unknown[] = [...term];
  if (!members.every(text)) throw new Undefined('must be of strings');
  return members;
};

/** The first text that is not before `prefix`: if any text starts with the prefix, it is this one. */
const firstNotBefore = (sorted: readonly string[], prefix: string): string => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] as string) < prefix) low = middle + 1;
    else high = middle;
  }
  return sorted[low] ?? '';
};

/** Sorted and searched: many texts and many prefixes are not compared each with each. */
const anyStartsWithAny = (values: readonly string[], prefixes: readonly string[]): boolean => {
  if (values.length === 0) return false;
  const sorted = values.toSorted((a, b) => (a < b ? -1 : Number(a > b)));
  return prefixes.some((prefix) => firstNotBefore(sorted, prefix).startsWith(prefix));
};

const reversed = (value: string): string => value.split('').reverse().join('');

const anyPrefixMatch = (values: unknown, prefixes: unknown): boolean =>
  anyStartsWithAny(texts(values), texts(prefixes));

const anySuffixMatch = (values: unknown, suffixes: unknown): boolean =>
  anyStartsWithAny(texts(values).map(reversed), texts(suffixes).map(reversed));

/** Where `part` stands in `value`, overlapping itself or not. */
const indexOfN = (value: string, part: string): readonly number[] => {
  if (part === '') throw new Undefined('empty search character');
  const found: number[] = [];
  let [position, counted] = [0, 0];
  for (let at = value.indexOf(part); at !== -1; at = value.indexOf(part, at + 1)) {
    for (; counted < at; position += 1) counted += (value.codePointAt(counted) ?? 0) > 0xffff ? 2 : 1;
    found.push(position);
  }
  return found;
};

/** How often `part` stands in `value`, without overlapping itself. An empty one stands around every character. */
const count = (value: string, part: string): number => {
  if (part === '') return characters(value).length + 1;
  let found = 0;
  for (let at = value.indexOf(part); at !== -1; at = value.indexOf(part, at + part.length)) found += 1;
  return found;
};

/** The first `limit` parts, or where it is negative the last. */
const splitN = (value: string, delimiter: string, limit: number | bigint): readonly string[] => {
  const parts = delimiter === '' ? characters(value) : value.split(delimiter);
  const n = Number(limit);
  return n >= 0 ? parts.slice(0, n) : parts.slice(Math.max(parts.length + n, 0));
};

const GLOB_SPECIAL = /[*?\\[\]{}]/g;

export const STRINGS: Family = [
  ['strings.any_prefix_match', anyPrefixMatch],
  ['strings.any_suffix_match', anySuffixMatch],
  ['strings.count', takes([text, text], count)],
  ['strings.split_n', takes([text, text, int64], splitN)],
  ['indexof_n', takes([text, text], indexOfN)],
  ['glob.quote_meta', takes([text], (value) => value.replace(GLOB_SPECIAL, '\\$&'))],
];
