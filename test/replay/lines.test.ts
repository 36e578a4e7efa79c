/** Lines of files: each comes whole and under its own number, whatever stands around it and in whatever order. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Rejected } from '../../shared/events/rejected.ts';
import { type Line, MAX_LINE, readLines } from '../../shared/replay/lines.ts';
import { temporaryFolder } from '../support/cli-folder.ts';

const folder = temporaryFolder();

const write = (name: string, content: string | Uint8Array): string => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};

const read = async (files: readonly string[], repeat = 1, seed?: string): Promise<readonly Line[]> => {
  const lines: Line[] = [];
  for await (const block of readLines(files, repeat, seed)) lines.push(...block);
  return lines;
};

/** A line's number and its text, or what is wrong with it. */
const told = ({ number, text }: Line): readonly [number, string] => [
  number,
  text instanceof Rejected ? `rejected, ${text.message}` : text.replace(/\r$/, ''),
];

const numbered = (texts: readonly string[]) => texts.map((text, at) => [at + 1, text] as const);
const byNumber = (a: Line, b: Line): number => a.number - b.number;

const CHUNK = 65_536;

/** Lines that end just before, on and just after the border of a chunk, with characters that a border can cut. */
const longLine = fc
  .tuple(fc.constantFrom('a', 'é', '€', '𝄞'), fc.constantFrom(1, 2, 3), fc.integer({ min: -6, max: 6 }))
  .map(([character, chunks, off]) => character.repeat((chunks * CHUNK + off) / Buffer.byteLength(character)));
const shortLine = fc.string({ unit: 'grapheme', maxLength: 30 });
const anyLine = fc.oneof({ weight: 3, arbitrary: shortLine }, { weight: 1, arbitrary: longLine });
const lineEnd = fc.constantFrom('\n', '\r\n');
/** What follows the last line feed: nothing, or a line that misses its own. */
const lastLine = fc.option(shortLine.filter((text) => text !== ''));
const content = fc.tuple(fc.array(fc.tuple(anyLine, lineEnd), { maxLength: 12 }), lastLine);

describe('readLines, in order', () => {
  it('reads the very lines that were written, numbered from 1, wherever the chunks end', async () => {
    await fc.assert(
      fc.asyncProperty(content, async ([lines, last]) => {
        const file = write('any', lines.flat().join('') + (last ?? ''));
        const texts = [...lines.map(([text]) => text), ...(last === null ? [] : [last])];
        expect((await read([file])).map(told)).toEqual(numbered(texts));
      }),
      { numRuns: 60 },
    );
  });

  it('has no line for an empty file', async () => {
    expect(await read([write('empty', '')])).toEqual([]);
  });

  it('rejects a line of more than 8 MiB by its number and goes on with the next', async () => {
    const tooLong = 'x'.repeat(MAX_LINE);
    const file = write('too-long', `before\n${tooLong}\nbetween\n${tooLong}x\nafter`);
    const rejected = 'rejected, line: must not be longer than 8388608 bytes';
    expect((await read([file])).map(told)).toEqual(numbered(['before', rejected, 'between', rejected, 'after']));
    expect((await read([file], 1, 'seed')).toSorted(byNumber).map(told)).toEqual(
      numbered(['before', rejected, 'between', rejected, 'after']),
    );
  });

  it('still reads the longest line', async () => {
    const longest = 'x'.repeat(MAX_LINE - 1);
    const file = write('longest', `${longest}\nafter\n`);
    expect((await read([file])).map(told)).toEqual(numbered([longest, 'after']));
    expect((await read([file], 1, 'seed')).toSorted(byNumber).map(told)).toEqual(numbered([longest, 'after']));
  });

  it('rejects a too long line that misses its line feed', async () => {
    const file = write('too-long-last', `before\n${'x'.repeat(MAX_LINE + 1)}`);
    expect((await read([file])).map(told)).toEqual(
      numbered(['before', 'rejected, line: must not be longer than 8388608 bytes']),
    );
  });

  it.each([
    ['a byte that UTF-8 never has', Buffer.from([0x61, 0xff])],
    ['half a character at the end of the line', Buffer.from('€').subarray(0, 2)],
    ['a long line with such a byte at its end', Buffer.concat([Buffer.alloc(CHUNK + 1, 'a'), Buffer.from([0xc0])])],
  ])('rejects %s, and not its neighbours', async (_, bytes) => {
    const file = write('not-utf8', Buffer.concat([Buffer.from('€ before\n'), bytes, Buffer.from('\n€ after\n')]));
    const expected = numbered(['€ before', 'rejected, line: must be UTF-8', '€ after']);
    expect((await read([file])).map(told)).toEqual(expected);
    expect((await read([file], 1, 'seed')).toSorted(byNumber).map(told)).toEqual(expected);
  });

  it('reads file after file, each numbered from 1, and all of them again for each repetition', async () => {
    const first = write('first', 'a\nb\n');
    const second = write('second', 'c');
    const round = [
      [first, 1, 'a'],
      [first, 2, 'b'],
      [second, 1, 'c'],
    ];
    const lines = await read([first, second], 2);
    expect(lines.map(({ file, number, text }) => [file, number, text])).toEqual([...round, ...round]);
  });

  it('counts the bytes of a file up to its size', async () => {
    const text = 'a line\n'.repeat(CHUNK / 4);
    const lines = await read([write('counted', text)]);
    expect(lines.at(-1)?.bytes).toBe(text.length);
    expect(lines.map(({ bytes }) => bytes)).toEqual(lines.map(({ bytes }) => bytes).toSorted((a, b) => a - b));
  });
});

describe('readLines, shuffled', () => {
  const manyTexts = [...new Array(3_000).keys()].map((at) => `line ${at} of ${'many'.repeat(at % 40)}`);
  const many = write('many', `${manyTexts.join('\n')}\n`);

  it('holds every line of every file as often as it is repeated, under its own number', async () => {
    const few = write('few', 'one\r\n\ntwo\nthree');
    const empty = write('nothing', '');
    const files = [empty, few, empty, many, empty];
    const lines = await read(files, 3, 'seed');
    const expected = [few, many].flatMap((file) =>
      (file === few ? ['one', '', 'two', 'three'] : manyTexts).flatMap((text, at) =>
        new Array<string>(3).fill(`${file} ${at + 1} ${text}`),
      ),
    );
    expect(lines.map((line) => [line.file, ...told(line)].join(' ')).toSorted()).toEqual(expected.toSorted());
    expect(lines.at(-1)?.bytes).toBe(
      3 * Buffer.byteLength('one\r\n\ntwo\nthree') + 3 * Buffer.byteLength(`${manyTexts.join('\n')}\n`),
    );
  });

  it('cuts the lines where the order in the file cuts them', async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.string(), async ([lines, last], seed) => {
        const file = write('any-shuffled', lines.flat().join('') + (last ?? ''));
        const shuffled = await read([file], 1, seed);
        expect(shuffled.toSorted(byNumber).map(told)).toEqual((await read([file])).map(told));
      }),
      { numRuns: 30 },
    );
  });

  it('comes in the same order for the same seed, in another for another, and never as it was', async () => {
    const order = async (seed: string) => (await read([many], 1, seed)).map(({ number }) => number);
    const inOrder = (await read([many])).map(({ number }) => number);
    const monday = await order('monday');
    expect(await order('monday')).toEqual(monday);
    expect(await order('tuesday')).not.toEqual(monday);
    expect(monday).not.toEqual(inOrder);
    expect(monday.toSorted((a, b) => a - b)).toEqual(inOrder);
  });

  it('mixes the repetitions, too', async () => {
    const file = write('pair', 'a\nb\n');
    const texts = (await read([file], 4, 'seed')).map(({ text }) => text).join('');
    expect(texts).not.toBe('abababab');
    expect([...texts].toSorted().join('')).toBe('aaaabbbb');
  });

  it('has no line where no file has one', async () => {
    expect(await read([write('empty-shuffled', '')], 5, 'seed')).toEqual([]);
  });
});
