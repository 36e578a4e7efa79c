/** What every receiver keeps to, whoever it speaks to: when to come again, when not to, and what nobody may see. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Undeliverable } from '../../../shared/alerts/alert.ts';
import type { ReceiverSettings } from '../../../shared/alerts/receivers/settings.ts';
import { Unavailable } from '../../../shared/scans/unavailable.ts';
import { errorOf } from '../../support/error-of.ts';
import { anAlert, hostileAlert, resolved, UNSEEN } from '../../support/receivers/alerts.ts';
import { EVERY_RECEIVER } from '../../support/receivers/every-receiver.ts';
import { type Answered, receiverServers, type Troubles, testClock } from '../../support/receivers/receiver-server.ts';

const serve = receiverServers();

const CARD_SCHEMA = 'http://adaptivecards.io/schemas/adaptive-card.json';
/** What programs that show text make links of. */
const ADDRESS = /:\/\/|www\./i;

describe.each(EVERY_RECEIVER)('a receiver: $what', ({ what, vendor, open, secrets }) => {
  const start = async (troubles?: Troubles, more: Partial<ReceiverSettings> = {}) => {
    const clock = testClock();
    const server = await serve(vendor(clock), clock, troubles);
    return { clock, server, receiver: open(server.url, { ...server.settings, ...more }) };
  };
  const errorWith = async (answer: Answered | 'hang up'): Promise<Error> => {
    const { receiver } = await start(() => answer);
    const error = await errorOf(receiver.send(anAlert()));
    for (const secret of secrets) expect(`${error.message} ${String(error.cause)}`).not.toContain(secret);
    expect(error.message).toMatch(/^ops: /);
    return error;
  };

  it('is told that something is wrong, and that it no longer is', async () => {
    const { receiver, server } = await start();
    const before = await receiver.send(anAlert());
    await receiver.send(resolved(), before);
    expect(server.requests).toHaveLength(2);
    expect(server.requests.every(({ method }) => method === 'POST')).toBe(true);
    await server.quiet();
  });

  it.each([
    ['7', 7],
    ['Sun, 01 Mar 2026 12:01:00 GMT', 60],
    ['86400', 900],
    ['0', 1],
    ['1.5', 2],
  ])('that asks to wait (%s) is told after %d seconds', async (value, seconds) => {
    for (const status of [429, 503]) {
      const error = await errorWith({ status, headers: { 'retry-after': value } });
      expect(error).toBeInstanceOf(Unavailable);
      expect(error).toHaveProperty('retryAfter', seconds);
    }
  });

  it('that asks to wait is left alone by other messages for as long', async () => {
    const { receiver, server, clock } = await start((request) =>
      request === 0 ? { status: 429, headers: { 'retry-after': '60' } } : undefined,
    );
    await errorOf(receiver.send(anAlert()));
    clock.move(30_000);
    expect(await errorOf(receiver.send(anAlert({ key: 'b'.repeat(64) })))).toMatchObject({ retryAfter: 30 });
    expect(server.requests).toHaveLength(1);
    clock.move(30_000);
    await receiver.send(anAlert());
    expect(server.requests).toHaveLength(2);
  });

  it.each([408, 500, 502, 504])('that answers %d is told later', async (status) => {
    const error = await errorWith({ status, body: `who ${secrets.join(' ')}` });
    expect(error).toBeInstanceOf(Unavailable);
    expect(error.message).toContain(`answered ${status}`);
  });

  it('whose connection breaks, or whom nobody finds, is told later', async () => {
    expect(await errorWith('hang up')).toBeInstanceOf(Unavailable);
    const { clock } = await start();
    const nobody = open('https://127.0.0.1:1', { name: 'ops', privateAddresses: ['127.0.0.0/8'], clock });
    const error = await errorOf(nobody.send(anAlert()));
    expect(error).toBeInstanceOf(Unavailable);
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('that never answers is told later, and its URL is not', async () => {
    const { promise, resolve } = Promise.withResolvers<never>();
    const { receiver } = await start(undefined, { resolve: () => promise, deadline: 50 });
    const named = open('https://receiver.example', {
      name: 'ops',
      deadline: 50,
      resolve: () => promise,
      clock: testClock(),
    });
    expect(receiver.name).toBe('ops');
    const error = await errorOf(named.send(anAlert()));
    expect(error).toBeInstanceOf(Unavailable);
    expect(error.message).toContain('gave no whole answer');
    for (const secret of secrets) expect(error.message).not.toContain(secret);
    resolve(undefined as never);
  });

  it.each([400, 401, 403, 404, 410, 413])('that answers %d is not told again', async (status) => {
    const error = await errorWith({ status, body: `no\n${secrets.join(' ')} \u202e${'x'.repeat(1_000)}` });
    expect(error).toBeInstanceOf(Undeliverable);
    expect(error.message).toContain(`answered ${status}`);
    expect(error.message.length).toBeLessThan(300);
    expect(error.message).not.toMatch(UNSEEN);
  });

  it('is not followed to where it redirects', async () => {
    const error = await errorWith({ status: 307, headers: { location: 'https://evil.example/' } });
    expect(error).toBeInstanceOf(Undeliverable);
    expect(error.message).toContain('redirects');
  });

  it.each([
    ['http://93.184.216.34', 'must be https'],
    ['https://169.254.169.254', '169.254.169.254 is not a public address'],
    ['https://10.0.0.1', '10.0.0.1 is not a public address'],
    ['ftp://receiver.example', 'none of https'],
  ])('at %s is refused', async (url, problem) => {
    const error = await errorOf(open(url, { name: 'ops', clock: testClock() }).send(anAlert()));
    expect(error).toBeInstanceOf(Undeliverable);
    expect(error.message).toContain(problem);
    for (const secret of secrets) expect(error.message).not.toContain(secret);
  });

  it('is told no faster than it allows, and too long a wait is not slept through', async () => {
    const still = testClock();
    const slept: number[] = [];
    const sleep = async (milliseconds: number) => void slept.push(milliseconds);
    const rate = { perSecond: 0.5, burst: 2 };
    const server = await serve(() => ({ status: 500 }), still);
    const receiver = open(server.url, { ...server.settings, rate, clock: { now: still.now, sleep } });
    const errors: Error[] = [];
    for (let at = 0; at < 6; at += 1) errors.push(await errorOf(receiver.send(anAlert())));
    expect(slept).toEqual([2_000, 4_000]);
    expect(server.requests).toHaveLength(4);
    expect(errors.slice(4).map(({ message }) => message)).toEqual(Array(2).fill('ops is told as fast as it allows'));
    expect(errors[5]).toHaveProperty('retryAfter', 6);
  });

  it('is never asked faster than it publishes', async () => {
    const { receiver, server } = await start();
    const told = [];
    for (let at = 0; at < 20; at += 1) told.push(await receiver.send(anAlert()).catch((error: unknown) => error));
    expect(told.filter((one) => one instanceof Error)).toEqual([]);
    expect(server.requests).toHaveLength(20);
  });

  it('shows a preview of what it sends, without secrets', async () => {
    const { receiver, server } = await start();
    const preview = receiver.preview(anAlert());
    for (const secret of secrets) expect(JSON.stringify(preview)).not.toContain(secret);
    expect(preview.url).toContain(server.url);
    await receiver.send(anAlert());
    const sent = server.requests[0]?.body ?? '';
    const shown = JSON.stringify(preview.body);
    // SNS sends its message in a form, PagerDuty a key in its body.
    if (sent.startsWith('{') && !sent.includes('routing_key')) expect(sent).toBe(shown);
  });

  it('takes whatever a scan may hold, and shows no link and nothing that cannot be seen', async () => {
    const { receiver, server, clock } = await start();
    await fc.assert(
      fc.asyncProperty(hostileAlert, async (alert) => {
        clock.move(60_000);
        await receiver.send(alert);
        const body = server.requests.at(-1)?.body ?? '';
        const text = body.startsWith('Action') ? (new URLSearchParams(body).get('Message') ?? '') : body;
        const texts: string[] = [];
        JSON.parse(text, (_, value) => {
          if (typeof value === 'string') texts.push(value);
          return value;
        });
        expect(texts.filter((one) => UNSEEN.test(one))).toEqual([]);
        if (what !== 'webhook') expect(texts.filter((one) => one !== CARD_SCHEMA && ADDRESS.test(one))).toEqual([]);
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it('takes a group of scans', async () => {
    const { receiver, server } = await start();
    const names = Array.from({ length: 40 }, (_, at) => `scan-${at}`);
    await receiver.send(anAlert({ group: { namespace: 'shop', scans: 40, names } }));
    expect(decodeURIComponent(server.requests[0]?.body.replaceAll('+', ' ') ?? '')).toContain('shop');
  });
});
