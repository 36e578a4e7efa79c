/** The vulnerabilities that a message names: found as whole words, the longest first, in time that grows with the text. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { namedIds } from '../../shared/policy/named-ids.ts';

const WORD = /^[\p{L}\p{N}]/u;
const WORD_BEFORE = /[\p{L}\p{N}]$/u;

/** Whether the ID stands there as a whole word; looked at by regular expressions over the whole text. */
const standsAt = (text: string, id: string, at: number): boolean => {
  const after = text.slice(at + id.length);
  return (
    text.startsWith(id, at) &&
    !WORD_BEFORE.test(text.slice(0, at)) &&
    !WORD.test(after) &&
    !(/^[-_]/.test(after) && WORD.test(after.slice(1)))
  );
};

/** What is found, searched for in the simplest way: each ID at each place. */
const naively = (ids: readonly string[], text: string): readonly string[] => {
  const found: string[] = [];
  for (let at = 0; at < text.length; ) {
    const here = ids.filter((id) => standsAt(text, id, at)).sort((a, b) => b.length - a.length);
    if (here[0] !== undefined) found.push(here[0]);
    at += here[0]?.length ?? 1;
  }
  return found;
};

const piece = fc.constantFrom(
  'CVE-2024-1',
  'CVE-2024-12',
  'CVE',
  'GHSA-x',
  'x',
  '1',
  '12',
  '-',
  '_',
  ' ',
  ':',
  '(',
  'é',
  '𝐀',
  '😀',
);
const id = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));
const ids = fc.uniqueArray(id, { maxLength: 8 });

describe('an ID is named', () => {
  const find = namedIds(new Set(['CVE-2024-1', 'CVE-2024-12', 'GHSA-aa', 'GHSA-aa-bb', 'XRAY_7']));

  it.each([
    ['alone', 'CVE-2024-1', ['CVE-2024-1']],
    ['in a sentence', 'Deny (CVE-2024-1), and CVE-2024-12.', ['CVE-2024-1', 'CVE-2024-12']],
    ['after a sign', 'openssl-CVE-2024-1: bad; id=CVE-2024-12', ['CVE-2024-1', 'CVE-2024-12']],
    ['before a sign', 'CVE-2024-1- CVE-2024-12_', ['CVE-2024-1', 'CVE-2024-12']],
    ['as often as it stands there', 'CVE-2024-1 CVE-2024-1', ['CVE-2024-1', 'CVE-2024-1']],
    ['where it is the longest', 'GHSA-aa-bb GHSA-aa', ['GHSA-aa-bb', 'GHSA-aa']],
    ['beside letters of no alphabet', '😀CVE-2024-1😀', ['CVE-2024-1']],
  ])('%s', (_, text, named) => {
    expect(find(text)).toEqual(named);
  });

  it.each([
    ['in a longer number', 'CVE-2024-123'],
    ['in a longer ID', 'GHSA-aa-cc XRAY_7_1 CVE-2024-1-2'],
    ['in a word', 'xCVE-2024-1 9CVE-2024-12 éCVE-2024-1'],
    ['in a word of another alphabet', 'CVE-2024-1é CVE-2024-12中 CVE-2024-1-é'],
    ['after a letter beyond the first 65 536', '𝐀CVE-2024-1'],
    ['in other letters', 'cve-2024-1'],
    ['nowhere', ''],
  ])('not %s', (_, text) => {
    expect(find(text)).toEqual([]);
  });

  it('wherever the simplest search finds it, and nowhere else', () => {
    fc.assert(
      fc.property(ids, fc.array(fc.oneof(piece, id)), (some, pieces) => {
        const text = pieces.join('');
        expect(namedIds(new Set(some))(text)).toEqual(naively(some, text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('unless it is longer than IDs are', () => {
    const [long, longer] = ['x'.repeat(128), 'y'.repeat(129)];
    expect(namedIds(new Set([long, longer, '']))(`${long} ${longer}`)).toEqual([long]);
  });
});

describe('a search', () => {
  const many = namedIds(new Set(Array.from({ length: 100_000 }, (_, at) => `CVE-2024-${10_000 + at}`)));
  const nested = namedIds(new Set(Array.from({ length: 64 }, (_, at) => `${'a-'.repeat(at)}a`)));
  /** Milliseconds, the least of some tries. */
  const timeOf = (work: () => unknown): number =>
    Math.min(
      ...Array.from({ length: 3 }, () => {
        const start = performance.now();
        work();
        return performance.now() - start;
      }),
    );

  it('finds each of 100 000 IDs', () => {
    const named = Array.from({ length: 1_000 }, (_, at) => `CVE-2024-${10_000 + at * 97}`);
    expect(many(named.map((name) => `${name} is critical`).join(', '))).toEqual(named);
  });

  it.each([
    ['the beginning of all IDs', many, 'CVE-2024-'],
    ['an ID that goes on', many, 'CVE-2024-100001'],
    ['IDs one inside of the other, none of which ends', nested, 'a-'],
    ['words', many, 'Critical vulnerability. '],
  ])('takes no longer for each letter in a long text of %s', (_, find, text) => {
    const [short, long] = [text.repeat(2_000), text.repeat(40_000)];
    find(short);
    // Twenty times as long; had it to look back or ahead, it would take four hundred times as much.
    expect(timeOf(() => find(long))).toBeLessThan(
      Math.max(
        timeOf(() => find(short)),
        1,
      ) * 100,
    );
  });
});
