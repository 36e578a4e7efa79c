/** Public keys, read from files. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { readPublicKeys, UnusableKey } from '../../shared/policy/keys.ts';

const RSA = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const EC = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const EC384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const EC521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });
const ED = generateKeyPairSync('ed25519');

const spki = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();
const pkcs8 = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const jwk = (key: KeyObject, more: object = {}): string =>
  JSON.stringify({ ...key.export({ format: 'jwk' }), ...more });

const read = (...texts: readonly string[]) =>
  readPublicKeys(texts.map((text, at) => ({ name: `key-${at}.pem`, text })));
const problemOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof UnusableKey) return error.message;
    throw error;
  }
  throw new Error('it was read');
};

const ALGORITHMS: readonly [string, KeyObject, readonly string[]][] = [
  ['RSA', RSA.publicKey, ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['P-256', EC.publicKey, ['ES256']],
  ['P-384', EC384.publicKey, ['ES384']],
  ['P-521', EC521.publicKey, ['ES512']],
  ['Ed25519', ED.publicKey, ['EdDSA', 'Ed25519']],
];

describe('a public key', () => {
  it.each(ALGORITHMS)('of %s checks what such keys sign, as PEM or JSON Web Key', (_, publicKey, algs) => {
    for (const text of [spki(publicKey), jwk(publicKey)]) {
      const [key, ...more] = read(text);
      expect(more).toEqual([]);
      expect(key?.algs).toEqual(algs);
      expect(key?.key.equals(publicKey)).toBe(true);
      expect(key).not.toHaveProperty('kid');
    }
  });

  it('may be PEM of RSA’s own form', () => {
    const [key] = read(RSA.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString());
    expect(key?.key.equals(RSA.publicKey)).toBe(true);
  });

  it('has the name and the algorithm that its JSON Web Key says', () => {
    const [key] = read(jwk(RSA.publicKey, { kid: 'a', alg: 'PS256', use: 'sig' }));
    expect(key).toMatchObject({ kid: 'a', algs: ['PS256'] });
  });

  it('comes with others: several files, several in a file, a set', () => {
    const pems = `# ours\n${spki(EC.publicKey)}\n# theirs\n${spki(ED.publicKey)}`;
    const set = `{"keys": [${jwk(RSA.publicKey, { kid: 'a' })}, ${jwk(EC.publicKey, { kid: 'b' })}]}`;
    expect(read(pems, set, spki(EC384.publicKey)).map(({ kid, algs: [first] }) => [kid, first])).toEqual([
      [undefined, 'ES256'],
      [undefined, 'EdDSA'],
      ['a', 'RS256'],
      ['b', 'ES256'],
      [undefined, 'ES384'],
    ]);
    expect(read()).toEqual([]);
  });

  const small = generateKeyPairSync('rsa', { modulusLength: 1_024 }).publicKey;
  const PRIVATE = 'holds a private key; its public key is all that is needed';

  it.each<[string, string, string]>([
    ['nothing', '', 'is neither PEM nor a JSON Web Key'],
    ['a text', 'hello', 'is neither PEM nor a JSON Web Key'],
    ['PEM that was cut', spki(EC.publicKey).slice(0, -10), 'is neither PEM nor a JSON Web Key'],
    ['a list', '[]', 'holds no JSON Web Key for signatures'],
    ['an object of nothing', '{}', 'holds no JSON Web Key for signatures'],
    ['a set of nothing', '{"keys": []}', 'holds no JSON Web Key for signatures'],
    ['a set of numbers', '{"keys": [1]}', 'holds no JSON Web Key for signatures'],
    ['a JSON Web Key that lacks something', '{"kty": "EC", "crv": "P-256"}', 'holds no public key that can be read'],
    ['a point that is not on the curve', jwk(EC.publicKey, { x: 'AAAA' }), 'holds no public key that can be read'],
    ['a key for encryption', jwk(EC.publicKey, { use: 'enc' }), 'holds no JSON Web Key for signatures'],
    [
      'PEM of nothing',
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
      'holds no public key that can be read',
    ],
    [
      'a certificate',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
      'holds a certificate, not a public key',
    ],
    ['a private key', pkcs8(EC.privateKey), PRIVATE],
    ['a private JSON Web Key', jwk(RSA.privateKey), PRIVATE],
    ['a public key beside a private one', `${spki(EC.publicKey)}${pkcs8(EC.privateKey)}`, PRIVATE],
    ['a shared secret', '{"kty": "oct", "k": "c2VjcmV0"}', 'holds a shared secret, not a public key'],
    ['a short RSA key', spki(small), 'holds an RSA key of 1024 bits, fewer than 2048'],
    [
      'a key of another kind',
      spki(generateKeyPairSync('x25519').publicKey),
      'holds a key of type x25519, not Ed25519, P-256, P-384, P-521 or RSA',
    ],
    [
      'a key of another curve',
      spki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey),
      'holds a key of type ec secp256k1, not Ed25519, P-256, P-384, P-521 or RSA',
    ],
    [
      'an algorithm of another key',
      jwk(EC.publicKey, { alg: 'RS256' }),
      'holds a key for another algorithm than its type has: ES256',
    ],
    [
      'an algorithm of secrets',
      jwk(RSA.publicKey, { alg: 'HS256' }),
      'holds a key for another algorithm than its type has: RS256, RS384, RS512, PS256, PS384, PS512',
    ],
    [
      'no algorithm at all',
      jwk(EC.publicKey, { alg: 'none' }),
      'holds a key for another algorithm than its type has: ES256',
    ],
    ['very much', ' '.repeat(300_000), 'is too large for a file of keys'],
  ])('is refused that is %s', (_, text, problem) => {
    expect(problemOf(() => read(spki(ED.publicKey), text))).toBe(`key-1.pem: ${problem}`);
  });

  it('is one of a hundred at most', () => {
    const one = spki(ED.publicKey);
    expect(read(one.repeat(100))).toHaveLength(100);
    expect(problemOf(() => read(one.repeat(99), one, one))).toBe(
      'key-0.pem, key-1.pem, key-2.pem: hold more than 100 keys',
    );
  });

  it('says nothing of what a file holds that is none', () => {
    expect(problemOf(() => read('hunter2-is-a-secret'))).not.toContain('hunter2');
  });
});
