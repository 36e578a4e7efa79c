/**
 * Reads terms as OPA's wasm writes them (`opa_value_dump`): JSON, in which sets are `{1, 2}` and `set()`.
 *
 * `opa_json_dump` makes arrays of sets, so that nobody could tell `object.subset` of the one from that of the other.
 */
import { Undefined } from './operands.ts';

/** Sixteen digits may be more than a double holds. */
const LARGE = /\d{16}/;

/** A whole number that a double cannot hold is kept whole. */
const exact = (_: string, value: unknown, { source = '' }: { readonly source?: string } = {}): unknown =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;

const SCALAR = /null|true|false|-?\d[\d.eE+-]*|"[^"\\]*(?:\\.[^"\\]*)*"/y;

interface Reader {
  readonly text: string;
  at: number;
}

/** Takes what is expected, and the space after it. */
const takes = (reader: Reader, expected: string): boolean => {
  if (!reader.text.startsWith(expected, reader.at)) return false;
  reader.at += expected.length;
  if (reader.text[reader.at] === ' ') reader.at += 1;
  return true;
};

const readScalar = (reader: Reader): unknown => {
  SCALAR.lastIndex = reader.at;
  const [found] = SCALAR.exec(reader.text) ?? [];
  if (found === undefined) throw new Undefined(`no term at ${reader.at}`);
  reader.at += found.length;
  return JSON.parse(found, exact);
};

const readMembers = (reader: Reader, close: string, read: () => unknown): readonly unknown[] => {
  const members: unknown[] = [];
  while (!takes(reader, close)) {
    members.push(read());
    takes(reader, ',');
  }
  return members;
};

/** `{"a", "b"}` or `{"a": 1}`: the first member tells. Keys that are no texts are written as such, as in JSON. */
const readBraces = (reader: Reader): unknown => {
  const pairs: [string, unknown][] = [];
  const members = readMembers(reader, '}', () => {
    const start = reader.at;
    const member = parseTermAt(reader);
    const written = reader.text.slice(start, reader.at);
    if (takes(reader, ':')) pairs.push([typeof member === 'string' ? member : written, parseTermAt(reader)]);
    return member;
  });
  return members.length > pairs.length ? new Set(members) : Object.fromEntries(pairs);
};

const parseTermAt = (reader: Reader): unknown => {
  if (takes(reader, 'set()')) return new Set();
  if (takes(reader, '[')) return readMembers(reader, ']', () => parseTermAt(reader));
  return takes(reader, '{') ? readBraces(reader) : readScalar(reader);
};

/** A term of OPA's; most are JSON, and then JSON's own reader is faster. */
export const parseTerm = (text: string): unknown => {
  try {
    return LARGE.test(text) ? JSON.parse(text, exact) : JSON.parse(text);
  } catch {
    return parseTermAt({ text, at: 0 });
  }
};
