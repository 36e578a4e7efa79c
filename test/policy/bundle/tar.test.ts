/** Archives: those that people’s tar writes, and those that lead astray. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createTar } from 'nanotar';
import { readTar } from '../../../shared/policy/bundle/tar.ts';
import { UnusableBundle } from '../../../shared/policy/bundle/unusable-bundle.ts';
import { paxRecord, rawTar } from '../../support/bundles.ts';

const namesOf = (tar: Uint8Array): readonly string[] => [...readTar(tar).keys()];
const problemOf = (tar: Uint8Array): string => {
  try {
    readTar(tar);
  } catch (error) {
    if (error instanceof UnusableBundle) return error.message;
    throw error;
  }
  throw new Error('it was read');
};
const file = (name: string, content = '') => ({ name, content });

describe('an archive', () => {
  it('is read as another program wrote it, whatever the sizes', () => {
    const name = fc.stringMatching(/^[a-z]{1,8}(?:\/[a-z]{1,8}){0,3}$/);
    const files = fc.uniqueArray(fc.tuple(name, fc.uint8Array({ minLength: 1, maxLength: 1_600 })), {
      selector: ([one]) => one,
      maxLength: 8,
    });
    fc.assert(
      fc.property(files, (wanted) => {
        const end = new Uint8Array(1_024);
        const tar = Buffer.concat([createTar(wanted.map(([one, data]) => ({ name: one, data }))), end]);
        const read = [...readTar(tar)].map(([one, bytes]) => [one, Uint8Array.from(bytes)]);
        expect(read).toEqual(wanted);
      }),
    );
  });

  it('has names from its root, as OPA writes them and as people’s tar does', () => {
    expect(namesOf(rawTar([file('/policy.wasm'), file('./data.json'), file('.manifest')]))).toEqual([
      'policy.wasm',
      'data.json',
      '.manifest',
    ]);
  });

  it('may have long names, in the ways that programs write them', () => {
    const long = `${'folder/'.repeat(40)}data.json`;
    const tar = rawTar([
      { name: 'data.json', prefix: 'a/b' },
      { name: '././@LongLink', flag: 'L', content: `${long}\0` },
      file(long.slice(0, 100)),
      { name: 'PaxHeaders/1', flag: 'x', content: `${paxRecord('mtime', '1.5')}${paxRecord('path', `é/${long}`)}` },
      file('short'),
      { name: 'pax_global_header', flag: 'g', content: paxRecord('comment', 'abc') },
      file('last'),
    ]);
    expect(namesOf(tar)).toEqual(['a/b/data.json', long, `é/${long}`, 'last']);
  });

  it('of GNU’s own format has no prefix', () => {
    expect(namesOf(rawTar([{ name: 'data.json', prefix: '14512345670', magic: 'ustar  \0' }]))).toEqual(['data.json']);
  });

  it('ends where it says', () => {
    const tar = Buffer.concat([rawTar([file('a')]), rawTar([file('b')])]);
    expect(namesOf(tar)).toEqual(['a']);
  });

  it('may be of a byte array in the middle of a larger one', () => {
    const larger = Buffer.concat([Buffer.alloc(700), rawTar([file('a', 'hello')])]);
    expect(Buffer.from(readTar(larger.subarray(700)).get('a') ?? []).toString()).toBe('hello');
  });
});

describe('an entry is refused', () => {
  const OUTSIDE = 'has a name that is no path inside the bundle';

  it.each([
    ['../policy.wasm', OUTSIDE],
    ['a/../../policy.wasm', OUTSIDE],
    ['/../policy.wasm', OUTSIDE],
    ['./../policy.wasm', OUTSIDE],
    ['..', OUTSIDE],
    ['a/./b', OUTSIDE],
    ['//policy.wasm', OUTSIDE],
    ['a//b', OUTSIDE],
    ['a/', OUTSIDE],
    ['', OUTSIDE],
    ['..\\policy.wasm', 'has a backslash or control character in its name'],
    ['a\u0007b', 'has a backslash or control character in its name'],
  ])('that is named %j', (name, why) => {
    const shown = name.replace('\u0007', '?');
    expect(problemOf(rawTar([file('data.json', '{}'), file(name, 'x')]))).toBe(`its entry ${shown} ${why}`);
  });

  it.each([
    ['1', 'a link'],
    ['2', 'a symbolic link'],
    ['3', 'a device'],
    ['4', 'a device'],
    ['6', 'a pipe'],
    ['S', 'a sparse file'],
    ['7', 'no file'],
    ['K', 'no file'],
    ['V', 'no file'],
    ['\u00ff', 'no file'],
  ])('that is of type %j', (flag, what) => {
    expect(problemOf(rawTar([{ name: 'policy.wasm', flag }]))).toBe(
      `its entry policy.wasm is ${what}, which no bundle needs`,
    );
  });

  it('that is a folder outside', () => {
    expect(problemOf(rawTar([{ name: '../a/', flag: '5' }]))).toBe(`its entry ../a/ ${OUTSIDE}`);
  });

  it('that is there twice, also by another spelling', () => {
    expect(problemOf(rawTar([file('policy.wasm'), file('./policy.wasm')]))).toBe(
      'its entry policy.wasm is there twice',
    );
    expect(problemOf(rawTar([file('/a'), file('a')]))).toBe('its entry a is there twice');
  });

  it.each(['-0000001000', '77777777777777', '\x80\0\0\0\0\0\0\0\0\0\0\x01', '9'.repeat(11), '', '0x10', '12 34'])(
    'that has the size %j',
    (size) => {
      expect(problemOf(rawTar([{ name: 'data.json', size }]))).toMatch(
        /^its entry data\.json (?:has no size that can be read|is cut off)$/,
      );
    },
  );

  it('that is cut off', () => {
    const tar = rawTar([file('data.json', 'x'.repeat(2_000))], Buffer.alloc(0));
    expect(problemOf(tar.subarray(0, 1_500))).toBe('its entry data.json is cut off');
    expect(problemOf(rawTar([{ name: 'data.json', size: '77777777777' }]))).toBe('its entry data.json is cut off');
  });

  it('that gets its name from elsewhere, and it is no better', () => {
    const pax = (...records: readonly string[]) =>
      rawTar([{ name: 'PaxHeaders/1', flag: 'x', content: records.join('') }, file('data.json')]);
    expect(problemOf(pax(paxRecord('path', '../a')))).toBe(`its entry ../a ${OUTSIDE}`);
    expect(problemOf(rawTar([{ name: 'x', flag: 'L', content: '../a\0' }, file('data.json')]))).toBe(
      `its entry ../a ${OUTSIDE}`,
    );
    expect(problemOf(pax(paxRecord('path', 'a'.repeat(2_000))))).toContain('has a name of more than 1024 characters');
  });
});

describe('a pax header is refused', () => {
  const pax = (content: string, flag = 'x') => rawTar([{ name: 'PaxHeaders/1', flag, content }, file('data.json')]);

  it.each([
    ['size', '5'],
    ['linkpath', '/etc/passwd'],
    ['GNU.sparse.major', '1'],
  ])('that sets %s', (key, value) => {
    expect(problemOf(pax(paxRecord(key, value)))).toBe(`a pax header of it sets ${key}, which no bundle needs`);
  });

  it('that names all entries at once', () => {
    expect(problemOf(pax(paxRecord('path', 'policy.wasm'), 'g'))).toBe(
      'a pax header of it sets path, which no bundle needs',
    );
  });

  it.each(['hello', '5 a=b', '99 path=a\n', '0 path=a\n', '10 path=\0\n', '-9 path=a\n', '9 path=a\n9 pa'])(
    'that is %j',
    (content) => {
      expect(problemOf(pax(content))).toBe('a pax header of it cannot be read');
    },
  );
});

describe('an archive is refused', () => {
  it('that is damaged', () => {
    const tar = rawTar([file('data.json', '{}')]);
    tar[3] = 'X'.charCodeAt(0);
    expect(problemOf(tar)).toBe('it holds no tar file, or one that is damaged');
  });

  it('that is cut off in a header, and not where its end is left out', () => {
    const tar = rawTar([file('data.json', '{}'), file('b')], Buffer.alloc(0));
    expect(namesOf(tar)).toEqual(['data.json', 'b']);
    expect(problemOf(tar.subarray(0, -1))).toBe('it is cut off in the middle of a header');
  });

  it('that has a name in no encoding of ours', () => {
    const tar = rawTar([{ name: 'L', flag: 'L', content: Buffer.from([0xff, 0xfe]) }, file('data.json')]);
    expect(problemOf(tar)).toBe('the name of an entry is not UTF-8');
  });

  it('that has more entries than any bundle', () => {
    const entries = (count: number) => rawTar(Array.from({ length: count }, (_, at) => file(`f${at}`)));
    expect(namesOf(entries(10_000))).toHaveLength(10_000);
    expect(problemOf(entries(10_001))).toBe('it has more than 10000 entries');
  });
});

it('names an entry shortly, and on one line', () => {
  const name = `../${'a'.repeat(90)}`;
  expect(problemOf(rawTar([{ name, prefix: `b\n${'b'.repeat(100)}` }])).length).toBeLessThan(200);
});
