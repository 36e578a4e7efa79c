/**
 * The lines of files, in their order or shuffled, without holding the files in memory.
 *
 * In order, a file streams through; shuffled, 16 bytes a line are kept to find each again.
 */
import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { Rejected } from '../events/rejected.ts';
import { shuffledIndexes } from './shuffle.ts';

export interface Line {
  /** Counted from 1 in its file. */
  readonly number: number;
  readonly file: string;
  /** The text, or what is wrong with it. */
  readonly text: string | Rejected;
  /** How many bytes have been read with it: of its file in order, of all files shuffled. */
  readonly bytes: number;
}

/** The longest line with its line feed, in bytes: a body of 1 MiB, in JSON at its longest, and what is around it. */
export const MAX_LINE = 8 * 1_048_576;
const CHUNK = 64 * 1_024;
const NEWLINE = 0x0a;

/** Where a line stands in its file; `text` is read from there. */
interface Span {
  readonly start: number;
  readonly end: number;
}

const textOf = (bytes: Buffer): string | Rejected =>
  isUtf8(bytes) ? bytes.toString('utf8') : new Rejected('line', 'must be UTF-8');
const TOO_LONG = new Rejected('line', `must not be longer than ${MAX_LINE} bytes`);

/** The start of a line whose end has not been read yet. */
interface Rest {
  readonly pieces: Buffer[];
  length: number;
}

const keep = (rest: Rest, piece: Buffer): void => {
  rest.length += piece.length;
  // What is too long is not kept, only counted. A copy, because the chunk is overwritten.
  if (rest.length > MAX_LINE) rest.pieces.length = 0;
  else if (piece.length > 0) rest.pieces.push(Buffer.from(piece));
};

/** The line that ends in this chunk, put together; `undefined` where it became too long. */
const complete = ({ pieces, length }: Rest): Buffer | undefined =>
  length > MAX_LINE ? undefined : Buffer.concat(pieces);

/** Cuts chunks into blocks that end where a line ends; a line that is too long arrives as `undefined`. */
async function* wholeLines(chunks: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer | undefined> {
  let rest: Rest = { pieces: [], length: 0 };
  for await (const chunk of chunks) {
    const start = rest.length === 0 ? 0 : chunk.indexOf(NEWLINE) + 1;
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (rest.length > 0 && end > 0) {
      keep(rest, chunk.subarray(0, start));
      yield complete(rest);
      rest = { pieces: [], length: 0 };
    }
    if (end > start) yield chunk.subarray(start, end);
    keep(rest, chunk.subarray(end));
  }
  if (rest.length > 0) yield complete(rest);
}

const splitBytes = (block: Buffer): readonly (string | Rejected)[] => {
  const lines: (string | Rejected)[] = [];
  for (let start = 0; start < block.length; ) {
    const newline = block.indexOf(NEWLINE, start);
    const end = newline < 0 ? block.length : newline;
    lines.push(textOf(block.subarray(start, end)));
    start = end + 1;
  }
  return lines;
};

/** The lines of a block. Nearly every block is UTF-8 as a whole, and decoded at once. */
const splitBlock = (block: Buffer): readonly (string | Rejected)[] => {
  if (!isUtf8(block)) return splitBytes(block);
  const lines = block.toString('utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
};

/** The name that stands for standard input. */
export const STANDARD_INPUT = '-';

/** The bytes of a file, chunk by chunk in one buffer: each chunk is overwritten by the next. */
function* readChunks(file: string): Generator<Buffer> {
  const descriptor = openSync(file, 'r');
  const buffer = Buffer.allocUnsafeSlow(CHUNK);
  try {
    for (let read = readSync(descriptor, buffer); read > 0; read = readSync(descriptor, buffer))
      yield buffer.subarray(0, read);
  } finally {
    closeSync(descriptor);
  }
}

const openChunks = (file: string): AsyncIterable<Buffer> | Iterable<Buffer> =>
  file === STANDARD_INPUT ? process.stdin : readChunks(file);

async function* readInOrder(file: string): AsyncGenerator<readonly Line[]> {
  let number = 0;
  let bytes = 0;
  for await (const block of wholeLines(openChunks(file))) {
    bytes += block?.length ?? MAX_LINE;
    const texts = block === undefined ? [TOO_LONG] : splitBlock(block);
    const before = number;
    number += texts.length;
    yield texts.map((text, at) => ({ number: before + at + 1, file, text, bytes }));
  }
}

/** The spans of all lines of a file, as offsets: line n stands between the nth and the next. */
const lineOffsets = async (file: string): Promise<Float64Array> => {
  let offsets = new Float64Array(1_024);
  let count = 1;
  let position = 0;
  const add = (offset: number): void => {
    if (count === offsets.length) {
      const longer = new Float64Array(count * 2);
      longer.set(offsets);
      offsets = longer;
    }
    offsets[count] = offset;
    count += 1;
  };
  for await (const chunk of openChunks(file)) {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) add(position + at + 1);
    position += chunk.length;
  }
  if (offsets[count - 1] !== position) add(position);
  return offsets.subarray(0, count);
};

const readSpan = (descriptor: number, { start, end }: Span): string | Rejected => {
  const length = end - start;
  if (length > MAX_LINE) return TOO_LONG;
  const bytes = Buffer.allocUnsafe(length);
  const read = readSync(descriptor, bytes, 0, length, start);
  return textOf(bytes.subarray(0, bytes[read - 1] === NEWLINE ? read - 1 : read));
};

interface Indexed {
  readonly file: string;
  readonly descriptor: number;
  readonly offsets: Float64Array;
  /** The lines of the files before this one. */
  readonly before: number;
}

const indexFiles = async (files: readonly string[]): Promise<readonly Indexed[]> => {
  const indexed: Indexed[] = [];
  let before = 0;
  for (const file of files) {
    const offsets = await lineOffsets(file);
    indexed.push({ file, descriptor: openSync(file, 'r'), offsets, before });
    before += offsets.length - 1;
  }
  return indexed;
};

async function* readShuffled(files: readonly string[], repeat: number, seed: string): AsyncGenerator<readonly Line[]> {
  const indexed = await indexFiles(files);
  const lines = indexed.reduce((sum, { offsets }) => sum + offsets.length - 1, 0);
  let bytes = 0;
  try {
    for (const index of shuffledIndexes(lines * repeat, seed)) {
      const line = index % lines;
      const { file, descriptor, offsets, before } = indexed.findLast(
        (candidate) => candidate.before <= line,
      ) as Indexed;
      const [start = 0, end = 0] = offsets.subarray(line - before, line - before + 2);
      bytes += end - start;
      yield [{ number: line - before + 1, file, text: readSpan(descriptor, { start, end }), bytes }];
    }
  } finally {
    for (const { descriptor } of indexed) closeSync(descriptor);
  }
}

/**
 * The lines of `files`, in blocks.
 *
 * @param repeat how often each line comes
 * @param seed the seed of a shuffle of them all; absent, they come in order
 */
export async function* readLines(
  files: readonly string[],
  repeat: number,
  seed?: string,
): AsyncGenerator<readonly Line[]> {
  if (seed !== undefined) {
    yield* readShuffled(files, repeat, seed);
    return;
  }
  for (let round = 0; round < repeat; round += 1) for (const file of files) yield* readInOrder(file);
}
