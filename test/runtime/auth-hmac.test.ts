/** Signatures over a body: what they cover, for how long, and by which secrets. */
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_BODY } from '../../shared/events/message.ts';
import type { Arriving } from '../../shared/runtime/auth-caller.ts';
import { authenticationOf, judged, stoppedClock } from '../support/auth-credentials.ts';
import { NOW } from '../support/auth-issuer.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { errorOf } from '../support/error-of.ts';

const folder = temporaryFolder();
const SECRET = 'a-secret-that-is-shared-0123456789abcdef';
const NEXT = 'its-successor-0123456789abcdef0123456789';
const BODY = '{"specversion":"1.0"}';

const written = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

const signatureOf = (secret: string, timestamp: number | string, body: string | Uint8Array): string =>
  `v1=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`;

const signed = (
  body: string | Uint8Array,
  timestamp: number | string = NOW,
  signature = signatureOf(SECRET, timestamp, body),
): Arriving & { readonly body: string | Uint8Array } => ({
  headers: [
    ['Content-Type', 'application/cloudevents+json'],
    ['X-ScanStatus-Timestamp', String(timestamp)],
    ['X-ScanStatus-Signature', signature],
  ],
  body,
});

const opened = () => authenticationOf([{ hmac: { files: [written('secret', SECRET)] } }]);

describe('a signature', () => {
  it('lets in who made it over these bytes, whether or not they are a text', async () => {
    const authenticate = await opened();
    for (const body of [BODY, '', 'ünïcode', new Uint8Array([0xff, 0x00, 0xfe])])
      expect(await judged(authenticate, signed(body))).toBe('c-0');
    expect(await judged(authenticate, { ...signed(BODY), body: async () => Buffer.from(BODY) })).toBe('c-0');
  });

  it.each<[what: string, message: Arriving]>([
    ['another body', { ...signed(BODY), body: BODY.replace('1.0', '1.1') }],
    ['another time', signed(BODY, NOW, signatureOf(SECRET, NOW - 1, BODY))],
    ['another secret', signed(BODY, NOW, signatureOf(NEXT, NOW, BODY))],
    ['nothing', signed(BODY, NOW, '')],
    ['another version', signed(BODY, NOW, signatureOf(SECRET, NOW, BODY).replace('v1', 'v2'))],
    ['no version', signed(BODY, NOW, signatureOf(SECRET, NOW, BODY).replace('v1=', ''))],
    ['the half of it', signed(BODY, NOW, signatureOf(SECRET, NOW, BODY).slice(0, 35))],
    ['a time that is none', signed(BODY, `${NOW}.0`)],
    ['a time in milliseconds', signed(BODY, NOW * 1_000)],
    ['a body that is too large', signed('x'.repeat(MAX_BODY + 1))],
    [
      'nine signatures, of which the last is right',
      signed(BODY, NOW, [...Array(8).fill('v1=00'), signatureOf(SECRET, NOW, BODY)].join(',')),
    ],
    ['no headers', { headers: [], body: BODY }],
    ['two times', { ...signed(BODY), headers: [...signed(BODY).headers, ['x-scanstatus-timestamp', String(NOW)]] }],
  ])('lets nobody in over %s', async (_, message) => {
    expect(await judged(await opened(), message)).toBe(401);
  });

  it.each([
    [-301, 401],
    [-300, 'c-0'],
    [300, 'c-0'],
    [301, 401],
  ])('made %d seconds from now is met with %s', async (seconds, expected) => {
    expect(await judged(await opened(), signed(BODY, NOW + seconds))).toBe(expected);
  });

  it('may stand beside others, of other secrets or versions', async () => {
    const all = ['v0=odd', signatureOf(NEXT, NOW, BODY), ` ${signatureOf(SECRET, NOW, BODY)}`].join(',');
    expect(await judged(await opened(), signed(BODY, NOW, all))).toBe('c-0');
  });

  it('may be by any of the secrets in use, which may be replaced', async () => {
    const file = written('rotated', `${SECRET}\n${NEXT}\n`);
    const { clocks, pass } = stoppedClock();
    const authenticate = await authenticationOf([{ hmac: { files: [file] } }], clocks);
    const byNext = () => judged(authenticate, signed(BODY, NOW + 10, signatureOf(NEXT, NOW + 10, BODY)));
    expect([await judged(authenticate, signed(BODY)), await byNext()]).toEqual(['c-0', 'c-0']);
    writeFileSync(file, NEXT);
    pass(10_000);
    expect([await judged(authenticate, signed(BODY)), await byNext()]).toEqual([401, 'c-0']);
  });

  it('does for no event that is in the headers, which it does not cover', async () => {
    const message = { ...signed(BODY), headers: [...signed(BODY).headers, ['CE-Type', 'x'] as const] };
    const error = await errorOf((await opened())(message));
    expect([await judged(await opened(), message), error.message]).toEqual([
      403,
      'ce-type: is not covered by the signature; send the event in structured mode',
    ]);
  });

  it('may be in headers of other names', async () => {
    const files = [written('secret', SECRET)];
    const authenticate = await authenticationOf([
      { hmac: { files, timestampHeader: 'X-Time', signatureHeader: 'X-Sign' } },
    ]);
    const headers = [
      ['x-time', String(NOW)],
      ['x-sign', signatureOf(SECRET, NOW, BODY)],
    ] as const;
    expect(await judged(authenticate, { headers, body: BODY })).toBe('c-0');
    expect(await judged(authenticate, signed(BODY))).toBe(401);
  });

  it('is not looked at beside a header authorization', async () => {
    const message = { ...signed(BODY), headers: [...signed(BODY).headers, ['authorization', 'Bearer x'] as const] };
    expect(await judged(await opened(), message)).toBe(401);
  });

  it('is not looked for in a body that nobody signed', async () => {
    const body = (): Promise<string> => Promise.reject(new Error('it was read'));
    expect(await judged(await opened(), { headers: [], body })).toBe(401);
    expect(await judged(await opened(), { ...signed(BODY, NOW - 301), body })).toBe(401);
  });

  it('is by a secret of 32 characters at least', async () => {
    const files = [written('short', 'a-secret-of-31-characters-01234')];
    expect((await errorOf(authenticationOf([{ hmac: { files } }]))).message).toBe(
      'short: line 1 is a secret of fewer than 32 characters',
    );
  });

  it('that somebody made up is refused, whatever it is', async () => {
    const authenticate = await opened();
    const header = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^v1=[0-9a-f]{62,66}(,v1=[0-9a-f]{64}){0,3}$/),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.constant(String(NOW)), fc.string()),
        header,
        fc.string(),
        async (time, one, body) => {
          expect(await judged(authenticate, signed(body, time, one))).toBe(401);
        },
      ),
      { numRuns: 500 },
    );
  });
});
