/**
 * Terms as OPA writes and orders them: `{"a": [1, {"b"}]}`.
 *
 * The order: null, booleans, numbers, texts, arrays, objects, sets (v1/ast/compare.go).
 */
import { quote } from './go-quote.ts';
import { array, number, object, set, type TermObject, text } from './operands.ts';

/** The order of UTF-8 bytes, which is Go's. JavaScript's own puts U+10000 before U+E000. */
export const compareTexts = (a: string, b: string): number => {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  if (at === length) return a.length - b.length;
  const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)];
  const surrogates = Number(left >= 0xd800 && left < 0xe000) - Number(right >= 0xd800 && right < 0xe000);
  if (surrogates === 0) return left - right;
  // A surrogate stands for what lies beyond U+FFFF.
  return surrogates;
};

export const sortedEntries = (value: TermObject): readonly (readonly [string, unknown])[] =>
  Object.entries(value).sort(([a], [b]) => compareTexts(a, b));

const RANKS = [
  (term: unknown) => term === null,
  (term: unknown) => typeof term === 'boolean',
  number,
  text,
  array,
  object,
];

const rank = (term: unknown): number => {
  const found = RANKS.findIndex((is) => is(term));
  return found === -1 ? RANKS.length : found;
};

const compareLists = (a: readonly unknown[], b: readonly unknown[]): number => {
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    const order = compareTerms(a[at], b[at]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
};

/** An object's keys and values, one after the other, as OPA compares them. */
const flat = (value: TermObject): readonly unknown[] => sortedEntries(value).flat();

export const compareTerms = (a: unknown, b: unknown): number => {
  const ranks = rank(a) - rank(b);
  if (ranks !== 0) return ranks;
  if (text(a) && text(b)) return compareTexts(a, b);
  if (array(a) && array(b)) return compareLists(a, b);
  if (object(a) && object(b)) return compareLists(flat(a), flat(b));
  if (set(a) && set(b)) return compareLists(sortedMembers(a), sortedMembers(b));
  const [left, right] = [a as number | bigint, b as number | bigint];
  return left < right ? -1 : Number(left > right);
};

export const sortedMembers = (value: ReadonlySet<unknown>): readonly unknown[] => [...value].sort(compareTerms);

/** A term as OPA writes it. Two terms are equal where their texts are. */
export const termText = (term: unknown): string => {
  if (text(term)) return quote(term);
  if (array(term)) return `[${term.map(termText).join(', ')}]`;
  if (set(term)) return term.size === 0 ? 'set()' : `{${sortedMembers(term).map(termText).join(', ')}}`;
  if (object(term)) {
    return `{${sortedEntries(term)
      .map(([key, value]) => `${quote(key)}: ${termText(value)}`)
      .join(', ')}}`;
  }
  // Not 0 and -0 apart.
  return term === 0 ? '0' : String(term);
};
