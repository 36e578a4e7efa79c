/** Which vulnerabilities a message names: a policy's `deny` gives texts for people, and no list of IDs. */

/** A longer one is not found: whoever writes IDs must not decide how long a search takes. */
const LONGEST = 128;
const WORD = /[\p{L}\p{N}]/u;
const WORD_UNITS = Array.from({ length: 0x80 }, (_, unit) => WORD.test(String.fromCharCode(unit)));

const isWordAt = (text: string, at: number): boolean => {
  const point = text.codePointAt(at);
  if (point === undefined) return false;
  return WORD_UNITS[point] ?? WORD.test(String.fromCodePoint(point));
};

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

const isAfterWord = (text: string, at: number): boolean =>
  at > 0 && isWordAt(text, at > 1 && isLowSurrogate(text.charCodeAt(at - 1)) ? at - 2 : at - 1);

/** Whether an ID that ends here goes on: `CVE-2024-1` is not named by `CVE-2024-12`, nor `GHSA-x` by `GHSA-x-y`. */
const goesOn = (text: string, end: number): boolean =>
  isWordAt(text, end) || ((text[end] === '-' || text[end] === '_') && isWordAt(text, end + 1));

/** The IDs from `low` to `high` that begin alike, up to a place in them. */
interface Range {
  readonly low: number;
  readonly high: number;
}

/** The first ID of the range that has this unit there, or a greater one. */
const firstFrom = (sorted: readonly string[], { low, high }: Range, place: number, unit: number): number => {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if ((sorted[middle] as string).charCodeAt(place) < unit) from = middle + 1;
    else to = middle;
  }
  return from;
};

const narrowed = (sorted: readonly string[], range: Range, place: number, unit: number): Range => {
  const first = sorted[range.low]?.charCodeAt(place);
  const last = sorted[range.high - 1]?.charCodeAt(place);
  // Most IDs begin like all the others: `CVE-2024-`.
  if (first === unit && last === unit) return range;
  return {
    low: firstFrom(sorted, range, place, unit),
    high: firstFrom(sorted, range, place, unit + 1),
  };
};

/** The longest of the sorted IDs that stands there, and ends there. */
const idAt = (sorted: readonly string[], text: string, at: number): string | undefined => {
  let found: string | undefined;
  let range: Range = { low: 0, high: sorted.length };
  for (let place = 0; range.low < range.high; place += 1) {
    const shortest = sorted[range.low] as string;
    if (shortest.length === place) {
      if (!goesOn(text, at + place)) found = shortest;
      range = { low: range.low + 1, high: range.high };
    }
    if (at + place >= text.length) break;
    range = narrowed(sorted, range, place, text.charCodeAt(at + place));
  }
  return found;
};

/**
 * Finds the IDs of `ids` that a text names as whole words, in the order in which they stand there; of several that begin
 * at one place the longest.
 *
 * An ID may follow any sign but a letter or a digit (`openssl-CVE-2024-1` names one). The work grows with the text, and
 * hardly with the number of IDs.
 */
export const namedIds = (ids: ReadonlySet<string>): ((text: string) => readonly string[]) => {
  const sorted = [...ids].filter(({ length }) => length > 0 && length <= LONGEST).sort();
  return (text) => {
    const found: string[] = [];
    for (let at = 0; at < text.length; ) {
      const id = isAfterWord(text, at) ? undefined : idAt(sorted, text, at);
      if (id !== undefined) found.push(id);
      at += id?.length ?? 1;
    }
    return found;
  };
};
