/** Bundles from files, servers and ConfigMaps. */
import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { bundleDigest } from '../../../shared/policy/bundle/bundle.ts';
import type { BundleKeys } from '../../../shared/policy/bundle/signatures.ts';
import { type BundleSettings, type BundleSources, openBundles } from '../../../shared/policy/bundle/sources.ts';
import { UnusableBundle } from '../../../shared/policy/bundle/unusable-bundle.ts';
import { NotThere, RefusedSource } from '../../../shared/remote/refused-source.ts';
import { Unavailable } from '../../../shared/scans/unavailable.ts';
import { bundleWith, filesOf, fixture, fixturePath, keysOf } from '../../support/bundles.ts';
import { temporaryFolder } from '../../support/cli-folder.ts';
import { movableClock } from '../../support/clock.ts';
import { errorOf } from '../../support/error-of.ts';
import { sourceServers } from '../../support/source-servers.ts';

const UNSIGNED = fixture('unsigned.tar.gz');
const SIGNED = fixture('signed.tar.gz');
const WASM = Buffer.from(filesOf(UNSIGNED)['policy.wasm'] ?? []);
const RS256: BundleKeys = { publicKeys: keysOf('rs256.pem') };

/** Another bundle that can be used. */
const OTHER = bundleWith({ 'policy.wasm': WASM });
const OTHER_DIGEST = bundleDigest(OTHER);
const DIGEST = bundleDigest(UNSIGNED);

const openAll = (settings: Partial<BundleSettings> = {}): BundleSources =>
  openBundles({ allows: () => true, privateAddresses: ['127.0.0.0/8'], ...settings });

describe('a file', () => {
  const folder = temporaryFolder();
  const { fromFile } = openAll();

  it('is read, and must have the digest that it is pinned to', async () => {
    const file = fixturePath('unsigned.tar.gz');
    expect((await fromFile(file)).digest).toBe(DIGEST);
    expect((await fromFile(file, { digest: DIGEST })).digest).toBe(DIGEST);
    const error = await errorOf(fromFile(file, { digest: OTHER_DIGEST }));
    expect(error).toBeInstanceOf(UnusableBundle);
    expect(error.message).toBe(`the bundle has the digest ${DIGEST}, not the one it is pinned to, ${OTHER_DIGEST}`);
  });

  it('is checked with the keys of the moment', async () => {
    let keys: BundleKeys | undefined = RS256;
    const { fromFile: fromSigned } = openAll({ verifyKeys: () => keys });
    expect((await fromSigned(fixturePath('signed.tar.gz'))).digest).toBe(bundleDigest(SIGNED));
    keys = { publicKeys: keysOf('es256.pem') };
    expect(await errorOf(fromSigned(fixturePath('signed.tar.gz')))).toBeInstanceOf(UnusableBundle);
  });

  it('that cannot be used is named, and says why', async () => {
    const large = join(folder, 'large.tar.gz');
    writeFileSync(large, Buffer.alloc(2 ** 25 + 1));
    const rego = fixturePath('policy.rego');
    expect(String(await errorOf(fromFile(join(folder, 'none'))))).toBe(
      `UnusableBundle: ${folder}/none cannot be read (ENOENT)`,
    );
    expect(String(await errorOf(fromFile(folder)))).toBe(`UnusableBundle: ${folder} cannot be read (EISDIR)`);
    expect(String(await errorOf(fromFile(large)))).toBe(`UnusableBundle: ${large} is larger than 33554432 bytes`);
    expect(String(await errorOf(fromFile(rego)))).toContain(`UnusableBundle: ${rego} cannot be used: it is neither`);
  });
});

describe('a ConfigMap', () => {
  const { fromConfigMap } = openAll();
  const base64 = UNSIGNED.toString('base64');
  const configMap = (binaryData: unknown) => ({ metadata: { name: 'a-policy' }, binaryData });
  const parts = (count: number, bytes = UNSIGNED, key = 'bundle.tar.gz') => {
    const size = Math.ceil(bytes.length / count);
    return Object.fromEntries(
      Array.from({ length: count }, (_, at) => [
        `${key}.${at}`,
        bytes.subarray(at * size, (at + 1) * size).toString('base64'),
      ]).reverse(),
    );
  };

  it('holds a bundle, or wasm alone, or either in parts', async () => {
    expect((await fromConfigMap(configMap({ 'bundle.tar.gz': base64, 'README.md': '' }))).digest).toBe(DIGEST);
    expect((await fromConfigMap(configMap({ 'policy.wasm': WASM.toString('base64') }))).digest).toBe(
      bundleDigest(WASM),
    );
    expect((await fromConfigMap(configMap(parts(1)))).digest).toBe(DIGEST);
    expect((await fromConfigMap(configMap(parts(12)))).digest).toBe(DIGEST);
    expect((await fromConfigMap(configMap(parts(3, WASM, 'policy.wasm')))).digest).toBe(bundleDigest(WASM));
  });

  it('may hold it under a key of its own', async () => {
    const held = configMap({ ...parts(2, UNSIGNED, 'mine.tgz'), 'bundle.tar.gz': OTHER.toString('base64') });
    expect((await fromConfigMap(held, { key: 'mine.tgz', digest: DIGEST })).digest).toBe(DIGEST);
    expect((await fromConfigMap(held)).digest).toBe(OTHER_DIGEST);
    expect(String(await errorOf(fromConfigMap(held, { key: 'other' })))).toBe(
      'UnusableBundle: ConfigMap a-policy cannot be used: binaryData: has neither other nor parts of it such as other.0',
    );
  });

  it('must have the digest that it is pinned to, and the signature', async () => {
    const held = configMap({ 'bundle.tar.gz': base64 });
    expect((await errorOf(fromConfigMap(held, { digest: OTHER_DIGEST }))).message).toContain('pinned');
    const signed = openAll({ verifyKeys: () => RS256 });
    expect((await errorOf(signed.fromConfigMap(held))).message).toContain(
      'ConfigMap a-policy cannot be used: it is not signed',
    );
    const other = configMap({ 'bundle.tar.gz': SIGNED.toString('base64') });
    expect((await signed.fromConfigMap(other)).digest).toBe(bundleDigest(SIGNED));
  });

  const missing = Object.fromEntries(Object.entries(parts(12)).filter(([key]) => key !== 'bundle.tar.gz.10'));
  const NOTHING = 'has neither bundle.tar.gz nor policy.wasm nor parts of it such as bundle.tar.gz.0';

  it.each<[string, unknown, string]>([
    ['nothing', undefined, NOTHING],
    ['no data', null, NOTHING],
    ['other things', { 'bundle.tar.gz.00': base64, 'bundle.tar.gz.': base64, 'bundle.tgz': base64 }, NOTHING],
    ['a gap', missing, 'lacks bundle.tar.gz.10'],
    ['no beginning', { 'bundle.tar.gz.1': base64 }, 'lacks bundle.tar.gz.0'],
    [
      'a part and the whole',
      { 'bundle.tar.gz.0': base64, 'bundle.tar.gz': base64 },
      'has several bundles: bundle.tar.gz, bundle.tar.gz.0',
    ],
    [
      'two bundles',
      { 'bundle.tar.gz': base64, 'policy.wasm': base64 },
      'has several bundles: bundle.tar.gz, policy.wasm',
    ],
    [
      'parts of two',
      { 'bundle.tar.gz.0': base64, 'policy.wasm.1': base64 },
      'has several bundles: bundle.tar.gz.0, policy.wasm.1',
    ],
    ['no base64', { 'bundle.tar.gz': 'héllo' }, 'bundle.tar.gz: must be base64'],
    ['half of base64', { 'bundle.tar.gz': base64.slice(0, -1) }, 'bundle.tar.gz: must be base64'],
    ['numbers', { 'bundle.tar.gz': 1 }, 'must be texts by their keys'],
    ['a list', [base64], 'must be texts by their keys'],
  ])('is refused that holds %s', async (_, binaryData, problem) => {
    const error = await errorOf(fromConfigMap(configMap(binaryData)));
    expect(error).toBeInstanceOf(UnusableBundle);
    expect(error.message).toMatch(/^ConfigMap a-policy cannot be used: binaryData[:.]/);
    expect(error.message.replace(/^.*? binaryData(?:: |\.)/, '')).toBe(problem);
  });

  it('is refused whose bundle is none', async () => {
    const held = { metadata: {}, binaryData: { 'bundle.tar.gz': Buffer.from('hello').toString('base64') } };
    expect((await errorOf(fromConfigMap(held))).message).toContain('ConfigMap cannot be used: it is neither a tar.gz');
  });
});

describe('a server', () => {
  const serve = sourceServers();
  const moveClock = movableClock();
  afterEach(() => void jest.restoreAllMocks());

  interface Served {
    bytes: Buffer;
    etag?: string;
    status?: number;
  }

  const answer = (
    { bytes, etag = '', status }: Served,
    known: string | undefined,
    response: ServerResponse,
  ): unknown => {
    if (status === 0) return response.destroy();
    if (status !== undefined) return response.writeHead(status).end();
    if (etag === '') return response.end(bytes);
    response.setHeader('etag', etag);
    return known === etag ? response.writeHead(304).end() : response.end(bytes);
  };

  /** A server whose answer a test changes, and the bundles that are read from it. */
  const serving = async (served: Served, settings: Partial<BundleSettings> = {}) => {
    const server = await serve(({ headers }, response) => answer(served, headers['if-none-match'], response));
    const { fromUrl } = openAll({ ca: server.ca, ...settings });
    const url = `${server.url}/bundle.tar.gz`;
    return { server, url, find: (digest?: string) => fromUrl(url, { digest }) };
  };
  const MINUTE = 60_000;

  it('is asked once for many, and not again for a minute', async () => {
    const { server, find } = await serving({ bytes: UNSIGNED });
    const found = await Promise.all([find(), find(), find()]);
    expect(found.map(({ bundle }) => bundle.digest)).toEqual([DIGEST, DIGEST, DIGEST]);
    moveClock(MINUTE - 5_000);
    expect(await find()).toEqual({ bundle: found[0]?.bundle });
    expect(server.asked).toHaveLength(1);
  });

  it('is asked for news, and what has not changed is not sent again', async () => {
    const served = { bytes: UNSIGNED, etag: '"1"' };
    const { server, find } = await serving(served);
    const { bundle } = await find();
    moveClock(MINUTE);
    expect((await find()).bundle).toBe(bundle);
    Object.assign(served, { bytes: OTHER, etag: '"2"' });
    moveClock(MINUTE);
    expect((await find()).bundle.digest).toBe(OTHER_DIGEST);
    expect(server.asked.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"', '"1"']);
  });

  it('that names no version is read anew', async () => {
    const served = { bytes: UNSIGNED };
    const { server, find } = await serving(served);
    await find();
    served.bytes = OTHER;
    moveClock(MINUTE);
    expect((await find()).bundle.digest).toBe(OTHER_DIGEST);
    expect(server.asked.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, undefined]);
  });

  it.each([0, 401, 429, 500, 503])('that is down has what it had, with a warning: %d', async (status) => {
    const served: Served = { bytes: UNSIGNED, etag: '"1"' };
    const { server, url, find } = await serving(served);
    const { bundle } = await find();
    served.status = status;
    moveClock(90_000);
    const found = await find();
    expect(found.bundle).toBe(bundle);
    expect(found.warning).toMatch(
      /^https:\S+\/bundle\.tar\.gz cannot be had now \(.+\); the policy is as it was 90 seconds ago$/,
    );
    expect(found.warning).toContain(url);
    expect(await find()).toEqual(found);
    expect(server.asked).toHaveLength(2);
    delete served.status;
    moveClock(MINUTE);
    expect(await find()).toEqual({ bundle });
  });

  it('that is down from the beginning is an error, each time', async () => {
    const served: Served = { bytes: UNSIGNED, status: 503 };
    const { find } = await serving(served);
    expect(await errorOf(find())).toBeInstanceOf(Unavailable);
    expect(await errorOf(find())).toBeInstanceOf(Unavailable);
    delete served.status;
    expect((await find()).bundle.digest).toBe(DIGEST);
  });

  it('that has nothing any more, or something else, is not down', async () => {
    const served: Served = { bytes: UNSIGNED };
    const { url, find } = await serving(served);
    await find();
    moveClock(MINUTE);
    served.status = 404;
    expect(await errorOf(find())).toBeInstanceOf(NotThere);
    delete served.status;
    served.bytes = Buffer.from('maintenance');
    const error = await errorOf(find());
    expect(error).toBeInstanceOf(UnusableBundle);
    expect(error.message).toContain(`${url} cannot be used: it is neither a tar.gz nor WebAssembly`);
    served.status = 503;
    expect((await find()).bundle.digest).toBe(DIGEST);
  });

  it('is not asked again for a bundle that is pinned, and at once for another one', async () => {
    const served = { bytes: UNSIGNED };
    const { server, find } = await serving(served);
    expect((await find(DIGEST)).bundle.digest).toBe(DIGEST);
    moveClock(100 * MINUTE);
    expect((await find(DIGEST)).bundle.digest).toBe(DIGEST);
    expect(server.asked).toHaveLength(1);
    const error = await errorOf(find(OTHER_DIGEST));
    expect(error).toBeInstanceOf(UnusableBundle);
    expect(error.message).toContain(`not the one it is pinned to, ${OTHER_DIGEST}`);
    served.bytes = OTHER;
    expect((await find(OTHER_DIGEST)).bundle.digest).toBe(OTHER_DIGEST);
  });

  it('cannot have used what a key signed that is no longer ours', async () => {
    let keys: BundleKeys = RS256;
    const { server, find } = await serving({ bytes: SIGNED }, { verifyKeys: () => keys });
    const { bundle } = await find();
    keys = { ...RS256 };
    expect((await find()).bundle).toBe(bundle);
    keys = { publicKeys: [...keysOf('es256.pem'), ...keysOf('rs256.pem')] };
    expect((await find()).bundle.digest).toBe(bundle.digest);
    keys = { ...keys, scope: 'write' };
    expect(await errorOf(find())).toBeInstanceOf(UnusableBundle);
    keys = { publicKeys: keysOf('es256.pem') };
    expect(await errorOf(find())).toBeInstanceOf(UnusableBundle);
    expect(server.asked).toHaveLength(1);
  });

  it('is not asked where it must not be', async () => {
    const { server, url, find } = await serving({ bytes: UNSIGNED }, { allows: () => false });
    expect(String(await errorOf(find()))).toBe(`RefusedSource: ${url} is not an allowed source`);
    const { find: findNearby, server: nearby } = await serving({ bytes: UNSIGNED }, { privateAddresses: [] });
    const error = await errorOf(findNearby());
    expect(error).toBeInstanceOf(RefusedSource);
    expect(error.message).toBe('127.0.0.1 is not a public address');
    expect([...server.asked, ...nearby.asked]).toEqual([]);
    expect(String(await errorOf(openAll().fromUrl('bundle.tar.gz')))).toBe(
      'UnusableBundle: the source of the bundle must be a URL',
    );
  });

  it('that sends more than any bundle, or nothing in time, is not waited for', async () => {
    const large = await serving({ bytes: Buffer.alloc(2 ** 25 + 1) });
    expect((await errorOf(large.find())).message).toContain('holds more than the 33554432 bytes that are allowed');
    const server = await serve(() => undefined);
    const { fromUrl } = openAll({ ca: server.ca, deadline: 200 });
    expect(String(await errorOf(fromUrl(`${server.url}/a`)))).toBe(
      `Unavailable: ${server.url}/a gave no whole answer within 0.2 seconds`,
    );
  });
});
