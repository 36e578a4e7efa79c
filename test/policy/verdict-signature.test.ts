/** A verdict is believed for its signature: by a key that is known, over these very data. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CompactSign, FlattenedSign } from 'jose';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { type Event, readEvent } from '../../shared/events/event.ts';
import { Refused } from '../../shared/events/rejected.ts';
import { POLICY_EVALUATED } from '../../shared/events/types.ts';
import { publicKeysIn, signingKeyIn } from '../../shared/policy/key-files.ts';
import { signWith, verifyWith } from '../../shared/policy/verdict-signature.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { errorOf } from '../support/error-of.ts';

const DATA = { scan: { uid: 'a' }, run: { uid: 'b' }, verdict: 'passed', violations: [], evaluatedAt: '2026-01-01' };

const eventOf = (data: JsonObject, scansignature?: string): Event =>
  readEvent({
    specversion: '1.0',
    id: '1',
    source: '/x',
    type: POLICY_EVALUATED,
    data,
    ...(scansignature !== undefined && { scansignature }),
  });

const PAIRS = {
  ed25519: () => generateKeyPairSync('ed25519'),
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  RSA: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }),
};

const pem = (key: KeyObject): string =>
  key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }).toString();

describe('the signature of a verdict', () => {
  let folder = '';
  let now = 0;
  const clock = () => now;
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'scan-status-keys-'));
    now = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each(Object.entries(PAIRS))('by a key of %s is accepted, whatever the order of the members', async (_, pair) => {
    const { privateKey, publicKey } = pair();
    const sign = signWith(signingKeyIn(file('private.pem', pem(privateKey)), clock));
    const verify = verifyWith(publicKeysIn([file('public.pem', pem(publicKey))], clock));
    const signature = await sign(DATA);
    expect(signature).toMatch(/^[\w-]+\.\.[\w-]+$/);
    const turned = Object.fromEntries(Object.entries(DATA).reverse());
    await expect(verify(eventOf(turned, signature))).resolves.toBeUndefined();
  });

  it('that another implementation of JWS made is accepted', async () => {
    const { privateKey, publicKey } = PAIRS.ed25519();
    const payload = new TextEncoder().encode(canonicalJson(DATA));
    const compact = await new CompactSign(payload).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey);
    const [header, , signature] = compact.split('.');
    const verify = verifyWith(publicKeysIn([file('public.pem', pem(publicKey))], clock));
    await expect(verify(eventOf(DATA, `${header}..${signature}`))).resolves.toBeUndefined();
  });

  it('does not stand for data that were altered in any member', async () => {
    const { privateKey, publicKey } = PAIRS.ed25519();
    const signature = await signWith(signingKeyIn(file('private.pem', pem(privateKey)), clock))(DATA);
    const verify = verifyWith(publicKeysIn([file('public.pem', pem(publicKey))], clock));
    const altered = fc.tuple(fc.constantFrom(...Object.keys(DATA), 'more'), fc.jsonValue());
    await fc.assert(
      fc.asyncProperty(altered, async ([member, value]) => {
        const data: JsonObject = { ...DATA, [member]: value };
        fc.pre(canonicalJson(data) !== canonicalJson(DATA));
        expect(await errorOf(verify(eventOf(data, signature)))).toMatchObject({ name: 'Refused', status: 403 });
      }),
      { numRuns: 50 },
    );
  });

  it('is asked for, and must be one', async () => {
    const { publicKey } = PAIRS.ed25519();
    const verify = verifyWith(publicKeysIn([file('public.pem', pem(publicKey))], clock));
    const missing = await errorOf(verify(eventOf(DATA)));
    expect(missing).toBeInstanceOf(Refused);
    expect(missing).toMatchObject({ status: 401, message: 'scansignature: a verdict must be signed' });
    for (const wrong of ['x', 'a.b.c', '..', 'a..b.c', 'a'.repeat(2_000)])
      expect(await errorOf(verify(eventOf(DATA, wrong)))).toMatchObject({ name: 'Refused', status: 403 });
  });

  it('by a key that is not known is refused, and so is what a header says of its own algorithm', async () => {
    const { publicKey } = PAIRS.ed25519();
    const verify = verifyWith(publicKeysIn([file('public.pem', pem(publicKey))], clock));
    const other = await signWith(signingKeyIn(file('other.pem', pem(PAIRS.ed25519().privateKey)), clock))(DATA);
    const payload = new TextEncoder().encode(canonicalJson(DATA));
    // The public key taken for a shared secret, the oldest trick.
    const secret = new TextEncoder().encode(pem(publicKey));
    const shared = await new FlattenedSign(payload).setProtectedHeader({ alg: 'HS256' }).sign(secret);
    const none = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
    for (const forged of [other, `${shared.protected}..${shared.signature}`, `${none}..AA`])
      expect(await errorOf(verify(eventOf(DATA, forged)))).toMatchObject({ status: 403 });
  });

  it('is accepted by the old and the new key while they are rotated, without a restart', async () => {
    const [old, young] = [PAIRS.ed25519(), PAIRS['P-256']()];
    const privateFile = file('private.pem', pem(old.privateKey));
    const publicFile = file('public.pem', pem(old.publicKey));
    const sign = signWith(signingKeyIn(privateFile, clock));
    const verify = verifyWith(publicKeysIn([publicFile], clock));
    const first = await sign(DATA);
    await verify(eventOf(DATA, first));
    file('public.pem', pem(old.publicKey) + pem(young.publicKey));
    file('private.pem', pem(young.privateKey));
    now += 10_000;
    const second = await sign(DATA);
    expect(JSON.parse(Buffer.from(second.split('.')[0] ?? '', 'base64url').toString())).toEqual({ alg: 'ES256' });
    for (const signature of [first, second]) await verify(eventOf(DATA, signature));
    file('public.pem', pem(young.publicKey));
    now += 10_000;
    await verify(eventOf(DATA, second));
    expect(await errorOf(verify(eventOf(DATA, first)))).toMatchObject({ status: 403 });
  });

  it('is checked with the keys of before while their file is being replaced', async () => {
    const { privateKey, publicKey } = PAIRS.ed25519();
    const signature = await signWith(signingKeyIn(file('private.pem', pem(privateKey)), clock))(DATA);
    const verify = verifyWith(publicKeysIn([file('public.pem', pem(publicKey))], clock));
    await verify(eventOf(DATA, signature));
    rmSync(join(folder, 'public.pem'));
    now += 10_000;
    await expect(verify(eventOf(DATA, signature))).resolves.toBeUndefined();
  });

  it('cannot be made or checked now where there never was a key, and the text quotes none', async () => {
    const secret = 'c2VjcmV0';
    const bad = file('bad.pem', `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`);
    for (const read of [publicKeysIn([join(folder, 'none.pem')], clock), publicKeysIn([bad], clock)]) {
      const error = await errorOf(verifyWith(read)(eventOf(DATA, 'a..b')));
      expect(error).toBeInstanceOf(Unavailable);
      expect(String(error)).not.toContain(secret);
    }
    const error = await errorOf(signWith(signingKeyIn(bad, clock))(DATA));
    expect(error).toBeInstanceOf(Unavailable);
    expect(String(error)).toBe('Unavailable: bad.pem: holds no private key that can be read');
  });

  it('names its key where that has a name', async () => {
    const { privateKey } = PAIRS.ed25519();
    const jwk = JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid: 'september' });
    const signature = await signWith(signingKeyIn(file('private.jwk', jwk), clock))(DATA);
    const header = JSON.parse(Buffer.from(signature.split('.')[0] ?? '', 'base64url').toString());
    expect(header).toEqual({ alg: 'EdDSA', kid: 'september' });
  });
});
