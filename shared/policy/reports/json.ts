/**
 * JSON from strangers: how deep it nests and how much it holds is counted before anything of it is built.
 *
 * `JSON.parse` does not overflow on 64 MiB of `[`, but it spends ten seconds on them; and each `{}` of three bytes
 * becomes an object of sixty.
 */
import { printable } from './quote.ts';
import { UnreadableReport } from './report.ts';

/** Objects and lists inside each other; SARIF, the deepest format, nests about 15 deep. */
const MOST_DEPTH = 100;
/** Values of any kind; a report of 100 000 vulnerabilities holds about 2 million. They take at most 400 MB. */
const MOST_VALUES = 4_000_000;

const MOST_MESSAGE = 120;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** How much deeper each byte leads, outside of a text. */
const DEEPER = new Int8Array(256);
/** How many values begin with each byte, outside of a text: the first of a bracket and those after a comma. */
const MORE = new Uint8Array(256);
for (const bracket of [0x5b, 0x7b]) {
  DEEPER[bracket] = 1;
  DEEPER[bracket + 2] = -1;
  MORE[bracket] = 1;
}
MORE[0x2c] = 1;

/** Where the text ends that begins before `from`; past the end where it does not. */
const endOfText = (bytes: Uint8Array, from: number): number => {
  let at = from;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
};

/** What the brackets and commas of a JSON text tell of it. */
interface Extent {
  /** Brackets that are open at its end. */
  readonly open: number;
  /** Whether a text is open at its end. */
  readonly isQuoted: boolean;
  readonly values: number;
}

/** Throws where it gets too deep. */
const extentOf = (bytes: Uint8Array): Extent => {
  let open = 0;
  let values = 0;
  let at = 0;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = endOfText(bytes, at + 1);
    open += DEEPER[byte] as number;
    values += MORE[byte] as number;
    if (open > MOST_DEPTH)
      throw new UnreadableReport(`the report nests deeper than ${MOST_DEPTH} levels at byte ${at}`);
  }
  return { open, isQuoted: at > bytes.length, values };
};

/** Throws where the JSON is too deep, holds too much, or is cut. */
const checkExtent = (bytes: Uint8Array): void => {
  const { open, isQuoted, values } = extentOf(bytes);
  if (open > 0 || isQuoted) {
    const what = isQuoted ? 'a text is still open' : `${open} of its brackets ${open === 1 ? 'is' : 'are'} still open`;
    throw new UnreadableReport(`the report ends in the middle: ${what} at byte ${bytes.length}, its last`);
  }
  if (values > MOST_VALUES) throw new UnreadableReport(`the report holds more than ${MOST_VALUES} values`);
};

/** Parses `text`, whose bytes are `bytes`. Throws `UnreadableReport`. */
export const parseJson = (text: string, bytes: Uint8Array): unknown => {
  checkExtent(bytes);
  try {
    return JSON.parse(text);
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : '';
    throw new UnreadableReport(`the report is not JSON: ${printable(problem, MOST_MESSAGE)}`, { cause });
  }
};
