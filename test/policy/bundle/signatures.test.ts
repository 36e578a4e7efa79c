/** Signed bundles: by OPA itself, and by those who would like to be believed. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readBundle } from '../../../shared/policy/bundle/bundle.ts';
import { fileHash } from '../../../shared/policy/bundle/file-hash.ts';
import type { BundleKeys } from '../../../shared/policy/bundle/signatures.ts';
import { UnusableBundle } from '../../../shared/policy/bundle/unusable-bundle.ts';
import { readPublicKeys } from '../../../shared/policy/keys.ts';
import { bundleWith, type Contents, filesOf, fixture, keysOf } from '../../support/bundles.ts';
import { errorOf } from '../../support/error-of.ts';

const SIGNED = fixture('signed.tar.gz');
const UNSIGNED = fixture('unsigned.tar.gz');
const FILES = filesOf(UNSIGNED);
const SECRET = Buffer.from('what-everybody-knows-who-signs-and-checks');

const RS256: BundleKeys = { publicKeys: keysOf('rs256.pem') };
const ES256: BundleKeys = { publicKeys: keysOf('es256.pem') };

/** The files of the unsigned bundle, under a signature that OPA made of them. */
const signedBy = (name: string, more: Contents = {}): Buffer =>
  bundleWith({ ...FILES, '.signatures.json': fixture(`${name}.signatures.json`), ...more });

const problemOf = async (bytes: Uint8Array, verifyKeys?: BundleKeys): Promise<string> => {
  const error = await errorOf(readBundle(bytes, { verifyKeys }));
  expect(error).toBeInstanceOf(UnusableBundle);
  return error.message.replace('the bundle cannot be used: ', '');
};

describe('a bundle that OPA signed', () => {
  it('is read with the key, by opa build and by opa sign', async () => {
    expect(await readBundle(SIGNED, { verifyKeys: RS256 })).toHaveProperty('entrypoints', ['scan/violations']);
    expect(await readBundle(signedBy('es256'), { verifyKeys: ES256 })).toHaveProperty('regoVersion', 1);
  });

  it('is read with any of several keys, while they are replaced', async () => {
    const publicKeys = [...keysOf('es256.pem'), ...keysOf('rs256.pem')];
    for (const bundle of [SIGNED, signedBy('es256')]) {
      expect(await readBundle(bundle, { verifyKeys: { publicKeys } })).toHaveProperty('regoVersion', 1);
    }
  });

  it('by a shared secret is read only where the secret is configured as one', async () => {
    const secrets = [{ secret: new Uint8Array(SECRET) }];
    const bundle = signedBy('hs256');
    expect(await readBundle(bundle, { verifyKeys: { publicKeys: [], secrets } })).toHaveProperty('regoVersion', 1);
    expect(await problemOf(bundle, { publicKeys: [], secrets: [{ secret: Buffer.alloc(32, 1) }] })).toBe(
      '.signatures.json: the signature is not by any of the keys configured',
    );
    expect(await problemOf(bundle, RS256)).toBe(
      '.signatures.json: is signed with a key (HS256) that is not among those configured',
    );
  });

  it('for a scope is read for that scope', async () => {
    const bundle = signedBy('scoped');
    expect(await readBundle(bundle, { verifyKeys: { ...ES256, scope: 'write' } })).toHaveProperty('regoVersion', 1);
    expect(await problemOf(bundle, ES256)).toBe('.signatures.json: is signed for the scope "write", not ""');
    expect(await problemOf(bundle, { ...ES256, scope: 'read' })).toBe(
      '.signatures.json: is signed for the scope "write", not "read"',
    );
    expect(await problemOf(signedBy('es256'), { ...ES256, scope: 'write' })).toBe(
      '.signatures.json: is signed for the scope "", not "write"',
    );
  });

  it('does not mind how its JSON is written', async () => {
    const data = JSON.parse(fixture('data.json').toString(), (_, value) => value);
    const manifest = JSON.parse(Buffer.from(FILES['.manifest'] ?? []).toString());
    const loose = { '.manifest': JSON.stringify(Object.fromEntries(Object.entries(manifest).reverse()), null, 4) };
    expect(await readBundle(signedBy('es256', loose), { verifyKeys: ES256 })).toHaveProperty('data', data);
    const source = { 'data.json': fixture('data.json') };
    expect(await readBundle(signedBy('es256', source), { verifyKeys: ES256 })).toHaveProperty('data', data);
  });
});

describe('a bundle is refused', () => {
  it('that is signed, where no key is configured', async () => {
    for (const keys of [undefined, { publicKeys: [] }]) {
      expect(await problemOf(SIGNED, keys)).toBe(
        '.signatures.json: the bundle is signed, and no key is configured to check it with',
      );
    }
  });

  it('that is not signed, where keys are configured', async () => {
    const why = 'it is not signed, and keys are configured: build it with opa build --signing-key';
    expect(await problemOf(UNSIGNED, RS256)).toBe(why);
    expect(await problemOf(UNSIGNED, { publicKeys: [] })).toBe(why);
    expect(await problemOf(FILES['policy.wasm'] ?? new Uint8Array(), RS256)).toBe(
      'it is WebAssembly alone, which cannot be signed, and keys are configured',
    );
    expect(
      await problemOf(bundleWith({ ...FILES, 'a/.signatures.json': fixture('es256.signatures.json') }), ES256),
    ).toBe(why);
  });

  it('that another key signed', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const text = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const publicKeys = readPublicKeys([{ name: 'other', text }]);
    expect(await problemOf(signedBy('es256'), { publicKeys })).toBe(
      '.signatures.json: the signature is not by any of the keys configured',
    );
    expect(await problemOf(SIGNED, { publicKeys })).toBe(
      '.signatures.json: is signed with a key (RS256 named default) that is not among those configured',
    );
  });

  it.each<[string, Contents, string]>([
    ['changed', { 'policy.rego': 'package main' }, 'policy.rego is not what was signed'],
    ['changed in its data', { 'data.json': '{}' }, 'data.json is not what was signed'],
    [
      'changed in a number',
      { 'data.json': fixture('data.json').toString().replace('1.0', '1') },
      'data.json is not what was signed',
    ],
    ['changed in its manifest', { '.manifest': '{}' }, '.manifest is not what was signed'],
    ['added to', { 'a/data.json': '{}' }, 'a/data.json is not signed'],
    ['added to by a signature', { 'a/.signatures.json': '{}' }, 'a/.signatures.json is not signed'],
  ])('that was %s', async (_, more, problem) => {
    expect(await problemOf(signedBy('es256', more), ES256)).toBe(`.signatures.json: ${problem}`);
  });

  it('that lacks a file', async () => {
    const { 'data.json': _, ...files } = FILES;
    const bundle = bundleWith({ ...files, '.signatures.json': fixture('es256.signatures.json') });
    expect(await problemOf(bundle, ES256)).toBe('.signatures.json: data.json is signed, but not there');
  });

  it.each<[string, string, string]>([
    ['no JSON', '{', 'must be JSON'],
    ['without signatures', '{}', 'signatures: Invalid input'],
    ['of none', '{"signatures": []}', 'signatures: must hold one signature, as OPA wants it'],
    ['of several', '{"signatures": ["a", "b"]}', 'signatures: must hold one signature, as OPA wants it'],
    ['of a number', '{"signatures": [1]}', 'signatures.0: Invalid input'],
    ['of nonsense', '{"signatures": ["hello"]}', 'holds no JSON Web Token'],
    ['of a plugin', '{"signatures": ["a"], "plugin": "ours"}', 'plugin: names a plugin, which we do not have'],
  ])('with signatures that are %s', async (_, text, problem) => {
    const found = await problemOf(bundleWith({ ...FILES, '.signatures.json': text }), ES256);
    expect(found).toMatch(/^\.signatures\.json[:.]/);
    expect(found.replace(/^\.signatures\.json(?:: |\.)/, '')).toContain(problem);
  });
});

describe('a signature of our own making', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const jwk = (kid: string) => JSON.stringify({ ...pair.publicKey.export({ format: 'jwk' }), kid });
  const named = (kid: string): BundleKeys => ({ publicKeys: readPublicKeys([{ name: 'key', text: jwk(kid) }]) });
  const unnamed: BundleKeys = { publicKeys: readPublicKeys([{ name: 'key', text: spki }]) };

  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  type Signer = (input: string) => Buffer;
  const byKey =
    (key: KeyObject): Signer =>
    (input) =>
      sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });

  const hashes = (algorithm: string, files: Readonly<Record<string, Uint8Array>> = FILES) =>
    Object.entries(files).map(([name, bytes]) => ({ name, algorithm, hash: fileHash(name, bytes, algorithm) ?? 'ff' }));

  const signed = (payload: unknown, header: object = {}, signer: Signer = byKey(pair.privateKey)): Buffer => {
    const input = `${part({ alg: 'ES256', ...header })}.${part(payload)}`;
    const signatures = [`${input}.${signer(input).toString('base64url')}`];
    return bundleWith({ ...FILES, '.signatures.json': JSON.stringify({ signatures }) });
  };

  it.each(['SHA-224', 'SHA-256', 'SHA-384', 'SHA-512', 'SHA-512-224', 'SHA-512-256'])(
    'may hash by %s',
    async (algorithm) => {
      const bundle = signed({ files: hashes(algorithm) });
      expect(await readBundle(bundle, { verifyKeys: unnamed })).toHaveProperty('regoVersion', 1);
    },
  );

  it.each(['MD5', 'SHA-1', 'sha-256', '', '__proto__'])('may not hash by %j', async (algorithm) => {
    const found = await problemOf(signed({ files: hashes(algorithm) }), unnamed);
    expect(found).toMatch(/^\.signatures\.json: \S+ is hashed by \S*, which is not taken$/);
  });

  it('is checked with the key of its name, and with those that have none', async () => {
    const bundle = signed({ files: hashes('SHA-256') }, { kid: 'this' });
    expect(await readBundle(bundle, { verifyKeys: named('this') })).toHaveProperty('regoVersion', 1);
    expect(await readBundle(bundle, { verifyKeys: unnamed })).toHaveProperty('regoVersion', 1);
    expect(await problemOf(bundle, named('that'))).toBe(
      '.signatures.json: is signed with a key (ES256 named this) that is not among those configured',
    );
    expect(await readBundle(signed({ files: hashes('SHA-256') }), { verifyKeys: named('that') })).toHaveProperty(
      'wasm',
    );
  });

  it('is worth nothing without a signature', async () => {
    const none = signed({ files: hashes('SHA-256') }, { alg: 'none' }, () => Buffer.alloc(0));
    expect(await problemOf(none, unnamed)).toBe(
      '.signatures.json: is signed with a key (none) that is not among those configured',
    );
    const empty = signed({ files: hashes('SHA-256') }, {}, () => Buffer.alloc(0));
    expect(await problemOf(empty, unnamed)).toContain('.signatures.json: ');
  });

  it('is worth nothing by HMAC with a public key for secret', async () => {
    const byHmac: Signer = (input) => createHmac('sha256', spki).update(input).digest();
    const bundle = signed({ files: hashes('SHA-256') }, { alg: 'HS256' }, byHmac);
    const secrets = [{ secret: new Uint8Array(SECRET) }];
    expect(await problemOf(bundle, unnamed)).toBe(
      '.signatures.json: is signed with a key (HS256) that is not among those configured',
    );
    expect(await problemOf(bundle, { ...unnamed, secrets })).toBe(
      '.signatures.json: the signature is not by any of the keys configured',
    );
  });

  it('is refused that must not be understood without knowing more', async () => {
    const bundle = signed({ files: hashes('SHA-256') }, { crit: ['exp'], exp: 1 });
    expect(await problemOf(bundle, unnamed)).toBe('.signatures.json: the signature cannot be checked');
  });

  it.each<[string, unknown, string]>([
    ['no files', {}, '.signatures.json.files: Invalid input'],
    ['a list', [], '.signatures.json: Invalid input'],
    [
      'files of no hash',
      { files: [{ name: 'a', algorithm: 'SHA-256' }] },
      '.signatures.json.files.0.hash: Invalid input',
    ],
    ['a scope that is none', { files: [], scope: 1 }, '.signatures.json.scope: Invalid input'],
    ['nothing signed', { files: [] }, '.signatures.json: data.json is not signed'],
    [
      'a file that has a name of objects',
      { files: [...hashes('SHA-256'), { name: '__proto__', hash: '', algorithm: 'SHA-256' }] },
      '.signatures.json: __proto__ is signed, but not there',
    ],
  ])('of %s is refused', async (_, payload, problem) => {
    expect(await problemOf(signed(payload), unnamed)).toContain(problem);
  });
});

describe('the hash of a file', () => {
  it('is of its bytes, unless OPA reads it as JSON', () => {
    const hash = (name: string, text: string) => fileHash(name, Buffer.from(text), 'SHA-256');
    for (const name of ['data.json', 'a/data.json', '.manifest', 'a/.manifest']) {
      expect(hash(name, '{"b":1,"a":[2, 3]}')).toBe(hash(name, '{ "a": [2,3], "b": 1 }'));
    }
    for (const name of ['policy.json', 'mydata.json', 'policy.rego', 'manifest']) {
      expect(hash(name, '{"b":1,"a":2}')).not.toBe(hash(name, '{"a":2,"b":1}'));
    }
  });

  it('of JSON that is none is an error', () => {
    expect(() => fileHash('data.json', Buffer.from('{'), 'SHA-256')).toThrow('data.json: must be JSON');
    expect(() => fileHash('data.json', Buffer.from('['.repeat(100_000)), 'SHA-256')).toThrow('nests deeper');
  });
});
