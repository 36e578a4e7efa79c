/** Standard output for reports of any length. */
import { once } from 'node:events';

const ENOUGH = 65_536;

export interface Output {
  /** Takes text; resolves when there is room for more. */
  readonly write: (text: string) => Promise<void>;
  /** Resolves when everything is out. */
  readonly end: () => Promise<void>;
}

const ROOM = Promise.resolve();

/** Collects short texts into long writes, and waits while the reader is slow. */
export const createOutput = (stream: NodeJS.WriteStream): Output => {
  let collected = '';
  const flush = async (): Promise<void> => {
    const text = collected;
    collected = '';
    if (!stream.write(text)) await once(stream, 'drain');
  };
  return {
    write: (text) => {
      collected += text;
      return collected.length < ENOUGH ? ROOM : flush();
    },
    end: () => flush(),
  };
};
