/** Output: whatever is written comes out once and in order, and no faster than it is read. */
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createOutput } from '../../cli/output.ts';

const LONG = 'a long line of text\n'.repeat(5_000);

/** Takes a few bytes a turn, and gives back all it got. */
const readSlowly = async (stream: PassThrough): Promise<string> => {
  let got = '';
  for await (const chunk of stream) {
    got += String(chunk);
    await nextTurn();
  }
  return got;
};

describe('createOutput', () => {
  it('loses nothing where the reader is slow', async () => {
    const stream = new PassThrough({ highWaterMark: 16 });
    const read = readSlowly(stream);
    const output = createOutput(stream);
    const pieces = [...new Array(30).keys()].map((at) => `${at} ${LONG}`);
    for (const piece of pieces) await output.write(piece);
    await output.end();
    stream.end();
    expect(await read).toBe(pieces.join(''));
  });

  it('writes any texts in their order', async () => {
    const anyText = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom(LONG, ''));
    await fc.assert(
      fc.asyncProperty(fc.array(anyText), async (texts) => {
        const stream = new PassThrough({ highWaterMark: 16 });
        const read = text(stream);
        const output = createOutput(stream);
        for (const piece of texts) await output.write(piece);
        await output.end();
        stream.end();
        expect(await read).toBe(texts.join(''));
      }),
      { numRuns: 30 },
    );
  });

  it('waits with a long text until it is read', async () => {
    const stream = new PassThrough({ highWaterMark: 16 });
    const output = createOutput(stream);
    let isWritten = false;
    const writing = output.write(LONG).then(() => {
      isWritten = true;
    });
    await nextTurn();
    expect(isWritten).toBe(false);
    stream.resume();
    await writing;
    expect(isWritten).toBe(true);
  });

  it('collects short texts into one write', async () => {
    const stream = new PassThrough();
    const output = createOutput(stream);
    for (let line = 0; line < 100; line += 1) await output.write('short\n');
    expect(stream.readableLength).toBe(0);
    await output.end();
    expect(String(stream.read())).toBe('short\n'.repeat(100));
  });

  it('rejects where the reader has gone, also the second time', async () => {
    const stream = new PassThrough();
    const output = createOutput(stream);
    stream.destroy(new Error('the reader has gone'));
    await expect(output.write(LONG)).rejects.toThrow();
    await expect(output.end()).rejects.toThrow();
  });
});
