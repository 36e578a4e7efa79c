/** Standard output for reports of any length. */
import type { Writable } from 'node:stream';

const ENOUGH = 65_536;

export interface Output {
  /** Takes text; resolves when there is room for more, rejects where nobody reads any more. */
  readonly write: (text: string) => Promise<void>;
  /** Resolves when everything is out. */
  readonly end: () => Promise<void>;
}

const ROOM = Promise.resolve();

const writeOut = (stream: Writable, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });

/** Collects short texts into long writes, and waits while the reader is slow. */
export const createOutput = (stream: Writable): Output => {
  let collected = '';
  // Whoever waits for the write hears of the error; without a listener the process would end on it.
  stream.on('error', () => {});
  const flush = (): Promise<void> => {
    const text = collected;
    collected = '';
    return writeOut(stream, text);
  };
  return {
    write: (text) => {
      collected += text;
      return collected.length < ENOUGH ? ROOM : flush();
    },
    end: () => flush(),
  };
};
