/** Which vulnerabilities a message names: a policy's `deny` gives texts for people, and no list of IDs. */

/** The characters of an ID by which the places are found where one may begin. */
const PREFIX = 2;
const WORD = /[\p{L}\p{N}]/u;

const isWordAt = (text: string, at: number): boolean => {
  const character = text.codePointAt(at);
  return character !== undefined && WORD.test(String.fromCodePoint(character));
};

/** Whether an ID that ends here goes on: `CVE-2024-1` is not named by `CVE-2024-12`, nor `GHSA-x` by `GHSA-x-y`. */
const goesOn = (text: string, end: number): boolean =>
  isWordAt(text, end) || ((text[end] === '-' || text[end] === '_') && isWordAt(text, end + 1));

/** The lengths of the IDs by their first characters, the longest first: of two IDs of which one begins the other, the longer is meant. */
const lengthsByPrefix = (ids: ReadonlySet<string>): ReadonlyMap<string, readonly number[]> => {
  const lengths = new Map<string, Set<number>>();
  for (const id of ids) {
    const prefix = id.slice(0, PREFIX);
    lengths.set(prefix, (lengths.get(prefix) ?? new Set()).add(id.length));
  }
  return new Map([...lengths].map(([prefix, found]) => [prefix, [...found].sort((a, b) => b - a)]));
};

/**
 * Finds the IDs of `ids` that a text names as whole words, in the order in which they stand there.
 *
 * An ID may follow any sign but a letter or a digit (`openssl-CVE-2024-1` names one). The work grows with the texts, not
 * with the number of IDs.
 */
export const namedIds = (ids: ReadonlySet<string>): ((text: string) => readonly string[]) => {
  const lengths = lengthsByPrefix(ids);
  const idAt = (text: string, at: number): string | undefined => {
    for (const length of lengths.get(text.slice(at, at + PREFIX)) ?? []) {
      const id = text.slice(at, at + length);
      if (ids.has(id) && !goesOn(text, at + length)) return id;
    }
    return undefined;
  };
  return (text) => {
    const found: string[] = [];
    let at = 0;
    while (at < text.length) {
      const id = at > 0 && isWordAt(text, at - 1) ? undefined : idAt(text, at);
      if (id !== undefined) found.push(id);
      at += id?.length || 1;
    }
    return found;
  };
};
