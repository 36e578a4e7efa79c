/** JSON from strangers: UTF-8 only, and no deeper than anybody needs. */
import { Rejected } from './rejected.ts';

/** Objects and arrays inside each other; a Job nests about 12 deep. */
const MAX_DEPTH = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACKETS = new Map([
  [0x5b, 1],
  [0x7b, 1],
  [0x5d, -1],
  [0x7d, -1],
]);

const opensAtMost = (text: string, bracket: string, limit: number): number => {
  let opened = 0;
  for (let at = text.indexOf(bracket); at >= 0 && opened <= limit; at = text.indexOf(bracket, at + 1)) opened += 1;
  return opened;
};

/** How deep the text nests; counted before it is parsed, so that nothing deep is ever built. */
const depthOf = (text: string): number => {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (quoted && unit === BACKSLASH) at += 1;
    else if (unit === QUOTE) quoted = !quoted;
    else if (!quoted) depth += BRACKETS.get(unit) ?? 0;
    if (depth > deepest) deepest = depth;
  }
  return deepest;
};

/** Parses the JSON text of `field`. Throws `Rejected` for what is no JSON or nests too deep. */
export const parseJson = (text: string, field: string): unknown => {
  // A text with few brackets cannot nest deep, and nearly every event has few.
  const opened = opensAtMost(text, '{', MAX_DEPTH) + opensAtMost(text, '[', MAX_DEPTH);
  if (opened > MAX_DEPTH && depthOf(text) > MAX_DEPTH)
    throw new Rejected(field, `nests deeper than ${MAX_DEPTH} levels`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Rejected(field, 'must be JSON', { cause });
  }
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Decodes the bytes of `field`. Throws `Rejected` where they are not UTF-8. */
export const decodeUtf8 = (bytes: Uint8Array, field: string): string => {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new Rejected(field, 'must be UTF-8', { cause });
  }
};
