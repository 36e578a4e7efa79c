/** Bundles: those that OPA makes, and those that somebody made to do harm. */
import { createHash } from 'node:crypto';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readBundle } from '../../../shared/policy/bundle/bundle.ts';
import { UnusableBundle } from '../../../shared/policy/bundle/unusable-bundle.ts';
import { bundleWith, type Contents, filesOf, fixture, rawTar } from '../../support/bundles.ts';
import { errorOf } from '../../support/error-of.ts';

const UNSIGNED = fixture('unsigned.tar.gz');
const WASM = filesOf(UNSIGNED)['policy.wasm'] ?? new Uint8Array();
const isWasm = (bytes: Uint8Array): boolean => Buffer.from(bytes).equals(WASM);
const HOW = 'build it with: opa build -t wasm -e PACKAGE/RULE FILE';

const problemOf = async (bytes: Uint8Array): Promise<string> => {
  const error = await errorOf(readBundle(bytes, { name: 'the policy' }));
  expect(error).toBeInstanceOf(UnusableBundle);
  expect(error.message).toMatch(/^the policy cannot be used: /);
  expect(error.message).not.toContain('\n');
  return error.message.replace('the policy cannot be used: ', '');
};

const withFiles = (more: Contents): Buffer => bundleWith({ 'policy.wasm': WASM, ...more });

describe('a bundle of OPA', () => {
  it('is read: its wasm, entrypoints, data, version and digest', async () => {
    const { wasm, ...more } = await readBundle(UNSIGNED);
    expect(isWasm(wasm)).toBe(true);
    expect(more).toEqual({
      digest: `sha256:${createHash('sha256').update(UNSIGNED).digest('hex')}`,
      entrypoints: ['scan/violations'],
      regoVersion: 1,
      revision: '',
      data: JSON.parse(fixture('data.json').toString()),
    });
  });

  it('keeps none of the archive but its wasm', async () => {
    const { wasm } = await readBundle(UNSIGNED);
    expect(wasm.buffer.byteLength).toBe(wasm.length);
  });

  it('may be wasm alone, which says nothing of itself', async () => {
    const digest = `sha256:${createHash('sha256').update(WASM).digest('hex')}`;
    const { wasm, ...more } = await readBundle(WASM);
    expect(isWasm(wasm)).toBe(true);
    expect(more).toEqual({ digest });
  });

  it('may be packed by people: with folders, ./ before names, no manifest and no data', async () => {
    const tar = rawTar([
      { name: './', flag: '5' },
      { name: './policy/', flag: '5' },
      { name: './policy/policy.wasm', content: WASM },
      { name: './README', content: 'hello' },
    ]);
    expect(isWasm((await readBundle(gzipSync(tar))).wasm)).toBe(true);
  });

  it('has its entrypoints once each, in the order of the manifest', async () => {
    const wasm = ['b/b', 'a/a', 'b/b'].map((entrypoint) => ({ entrypoint, module: '/policy.wasm' }));
    const bundle = await readBundle(withFiles({ '.manifest': JSON.stringify({ wasm, roots: [''], metadata: {} }) }));
    expect(bundle.entrypoints).toEqual(['b/b', 'a/a']);
  });
});

describe('what is no bundle', () => {
  it.each<[string, Uint8Array, string]>([
    ['nothing', Buffer.alloc(0), `it is neither a tar.gz nor WebAssembly; ${HOW}`],
    ['Rego', fixture('policy.rego'), `it is neither a tar.gz nor WebAssembly; ${HOW}`],
    ['a tar that is not compressed', rawTar([]), `it is neither a tar.gz nor WebAssembly; ${HOW}`],
    ['a gzip of something else', gzipSync('x'.repeat(5_000)), 'it holds no tar file, or one that is damaged'],
    ['an empty archive', gzipSync(rawTar([])), `it holds no policy.wasm but nothing; ${HOW}`],
    ['an archive of nothing at all', gzipSync(''), `it holds no policy.wasm but nothing; ${HOW}`],
    ['cut off', UNSIGNED.subarray(0, -100), 'it is cut off or damaged: gzip cannot unpack it'],
    ['the first bytes of a bundle', UNSIGNED.subarray(0, 2), 'it is cut off or damaged: gzip cannot unpack it'],
    [
      'a bundle without wasm',
      bundleWith({ 'policy.rego': '', 'data.json': '{}' }),
      `it holds no policy.wasm but policy.rego, data.json; ${HOW}`,
    ],
    [
      'a bundle of very many files without wasm',
      bundleWith(Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`${at}.rego`, 'a']))),
      `it holds no policy.wasm but 0.rego, 1.rego, 2.rego, 3.rego, 4.rego, 5.rego, 6.rego, 7.rego, 8.rego, 9.rego and 20 more; ${HOW}`,
    ],
    [
      'a bundle of several policies',
      bundleWith({ 'a/policy.wasm': WASM, 'b/policy.wasm': WASM }),
      'it holds several policies: a/policy.wasm, b/policy.wasm',
    ],
    [
      'a bundle whose wasm is none',
      bundleWith({ 'policy.wasm': 'package main' }),
      `policy.wasm: is no WebAssembly; ${HOW}`,
    ],
    ['a delta bundle', withFiles({ 'patch.json': '{}' }), 'it is a delta bundle, which only changes another one'],
    [
      'a bundle with a manifest in protobuf',
      withFiles({ '.manifest.pb': 'x' }),
      'its manifest is in protobuf; build it with one in JSON',
    ],
  ])('is refused: %s', async (_, bytes, problem) => {
    expect(await problemOf(bytes)).toBe(problem);
  });

  it('is refused whatever it is, and never breaks the reader', async () => {
    const changed = fc.array(fc.tuple(fc.nat(3_000), fc.nat(255)), { minLength: 1, maxLength: 20 }).map((changes) => {
      const tar = Buffer.from(
        rawTar([
          { name: 'data.json', content: '{"a":1}' },
          { name: 'policy.wasm', content: WASM },
        ]),
      );
      for (const [at, byte] of changes) tar[at] = byte;
      return gzipSync(tar, { level: 0 });
    });
    const bytes = fc.oneof(fc.uint8Array(), changed);
    await fc.assert(
      fc.asyncProperty(bytes, async (candidate) => {
        const read = await readBundle(candidate).catch((error: unknown) => error);
        if (read instanceof Error) expect(read).toBeInstanceOf(UnusableBundle);
        else expect(read).toHaveProperty('wasm');
      }),
    );
  });
});

describe('a bundle that unpacks to gigabytes', () => {
  const MEBIBYTE = 2 ** 20;

  it('is refused as soon as it is too much', async () => {
    // Zeros, packed once and up to where the same can follow again.
    const zeros = deflateRawSync(Buffer.alloc(16 * MEBIBYTE), { finishFlush: constants.Z_FULL_FLUSH });
    const header = gzipSync('').subarray(0, 10);
    const bomb = Buffer.concat([header, ...Array.from({ length: 128 }, () => zeros)]);
    expect(bomb.length).toBeLessThan(3 * MEBIBYTE);
    const before = process.resourceUsage().maxRSS;
    expect(await problemOf(bomb)).toBe('it unpacks to more than 64 MiB');
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(300 * 1_024);
  });

  it('is read up to the bound', async () => {
    const room = 64 * MEBIBYTE - WASM.length - 10_000;
    const bundle = gzipSync(
      rawTar([
        { name: 'policy.wasm', content: WASM },
        { name: 'large', content: Buffer.alloc(room) },
      ]),
      { level: 1 },
    );
    expect(isWasm((await readBundle(bundle)).wasm)).toBe(true);
  });
});

describe('a manifest', () => {
  it.each<[string, string]>([
    ['[]', '.manifest: Invalid input: expected object, received array'],
    ['{', '.manifest: must be JSON'],
    ['{"wasm": "policy.wasm"}', '.manifest.wasm: Invalid input: expected array, received string'],
    [
      '{"wasm": [{"entrypoint": 1, "module": "/policy.wasm"}]}',
      '.manifest.wasm.0.entrypoint: Invalid input: expected string, received number',
    ],
    [
      '{"wasm": [{"entrypoint": "a/b"}]}',
      '.manifest.wasm.0.module: Invalid input: expected string, received undefined',
    ],
    [
      '{"wasm": [{"entrypoint": "a/b", "module": "/other.wasm"}]}',
      '.manifest.wasm: names the module "/other.wasm", which is not there',
    ],
    ['{"rego_version": 1.5}', '.manifest.rego_version: Invalid input: expected int, received number'],
    ['{"revision": 1}', '.manifest.revision: Invalid input: expected string, received number'],
    [`${'['.repeat(100)}${']'.repeat(100)}`, '.manifest: nests deeper than 64 levels'],
  ])('is refused that is %s', async (manifest, problem) => {
    expect(await problemOf(withFiles({ '.manifest': manifest }))).toBe(problem);
  });

  it('may not name entrypoints without end', async () => {
    const wasm = Array.from({ length: 1_001 }, (_, at) => ({ entrypoint: `a/r${at}`, module: '/policy.wasm' }));
    expect(await problemOf(withFiles({ '.manifest': JSON.stringify({ wasm }) }))).toContain('.manifest.wasm: Too big');
  });

  it('must be UTF-8', async () => {
    expect(await problemOf(withFiles({ '.manifest': Buffer.from([0x7b, 0xff, 0x7d]) }))).toBe(
      '.manifest: must be UTF-8',
    );
  });
});

describe('data', () => {
  const dataOf = async (files: Contents): Promise<unknown> => (await readBundle(withFiles(files))).data;

  it('of folders is joined under their names', async () => {
    expect(
      await dataOf({
        'data.json': '{"a": {"x": 1}, "z": null}',
        'a/data.json': '{"b": {"y": 2}}',
        'a/b/data.json': '{"c": [3]}',
        'd/e/data.json': '"text"',
        'a/other.json': '{"not": "data"}',
      }),
    ).toEqual({ a: { x: 1, b: { y: 2, c: [3] } }, z: null, d: { e: 'text' } });
  });

  it.each<[string, Contents, string]>([
    ['a list', { 'data.json': '[]' }, 'data.json: must be an object'],
    ['no JSON', { 'data.json': '{' }, 'data.json: must be JSON'],
    ['very deep', { 'data.json': `${'{"a":'.repeat(70)}1${'}'.repeat(70)}` }, 'data.json: nests deeper than 64 levels'],
    [
      'said twice',
      { 'data.json': '{"a": 1}', 'a/data.json': '{}' },
      'data.json: says a again, which another data file says too',
    ],
    ['YAML', { 'data.yaml': 'a: 1' }, 'data.yaml: data must be JSON, as opa build writes it'],
    ['YAML of a folder', { 'a/data.yml': 'a: 1' }, 'a/data.yml: data must be JSON, as opa build writes it'],
    ['very large', { 'data.json': `"${' '.repeat(17_000_000)}"` }, 'data.json: must not be larger than 16777216 bytes'],
  ])('that is %s is refused', async (_, files, problem) => {
    expect(await problemOf(withFiles(files))).toBe(problem);
  });

  it('of any name stays data', async () => {
    const data = await dataOf({
      'data.json':
        '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 2}}, "a": {"toString": 3}}',
      '__proto__/data.json': '{"polluted": 4, "also": 5}',
      'a/data.json': '{"__proto__": {"polluted": 6}}',
    }).catch((error: Error) => error.message);
    expect(data).toContain('says polluted again');
    expect(
      JSON.stringify(await dataOf({ 'data.json': '{"__proto__": {"a": 1}}', '__proto__/data.json': '{"b": 2}' })),
    ).toBe('{"__proto__":{"b":2,"a":1}}');
    expect('polluted' in {}).toBe(false);
    expect('a' in {}).toBe(false);
  });

  it('in very many files takes no longer than it must', async () => {
    const keys = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, at]));
    const files = Array.from({ length: 5_000 }, (_, at) => [`f${at}/data.json`, '{"a":1}']);
    const began = performance.now();
    const data = await dataOf({ 'data.json': JSON.stringify(keys), ...Object.fromEntries(files) });
    expect(Object.keys(data as object)).toHaveLength(25_000);
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
