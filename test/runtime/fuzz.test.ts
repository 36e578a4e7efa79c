/** Thousands of damaged messages: whatever arrives, the server answers it below 500, and goes on. */
import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { allFunctions } from '../../functions/all.ts';
import { httpReader } from '../../shared/events/http.ts';
import type { HttpMessage } from '../../shared/events/message.ts';
import { answer } from '../../shared/runtime/answer.ts';
import { readScope } from '../../shared/runtime/config.ts';
import { receive } from '../../shared/runtime/receive.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import { scanKey } from '../../shared/scans/store.ts';
import { batchMessage, binaryMessage, structuredMessage } from '../support/http-arbitraries.ts';
import { listScans, send } from '../support/http-client.ts';
import { evaluatedEvent, finishedEvent, finishedJobEvent, startedEvent, structured } from '../support/http-messages.ts';
import { damaged, damagedMessages, harmfulValue, poisoned } from '../support/http-mutations.ts';
import { type Conversation, chunkedRequest, converse, rawRequest, statusesIn } from '../support/http-raw.ts';
import { apiServerEvents, layoutRequests, messageOf, webhookRequests } from '../support/recorded.ts';
import { type ServerProcess, serverProcesses } from '../support/server-process.ts';

/** A busy machine takes its time over thousands of messages. */
jest.setTimeout(60_000);

describe('the server, under damaged bytes', () => {
  const spawn = serverProcesses();
  const IN_FLIGHT = 50;
  const RUNS = 80;
  /** Whole requests that the server answers meanwhile; what it has to say to the others, it says by then. */
  const ROUNDS = 10;

  const originals = [
    ...webhookRequests.map(rawRequest),
    ...webhookRequests.map(chunkedRequest),
    ...layoutRequests.map((request) => rawRequest({ ...request, path: '/' })),
  ];

  /** Writes all at once, and ends each connection when it was answered or is waiting for bytes that never come. */
  const talk = async (url: string, messages: readonly Uint8Array[]): Promise<readonly Conversation[]> => {
    const conversations = messages.map((bytes) => converse(url, bytes));
    for (let round = 0; round < ROUNDS; round += 1) {
      await send(url, structured(startedEvent()));
    }
    for (const { socket } of conversations) socket.end();
    await Promise.all(conversations.map(({ closed }) => closed));
    return conversations;
  };

  const expectHealthy = async ({ url, lines, stderr, kill, ended }: ServerProcess): Promise<void> => {
    const good = await send(url, structured(finishedEvent({ name: 'afterwards' })));
    expect(good.status).toBe(200);
    expect(JSON.parse(good.body)).toMatchObject({ subject: 'team-a/ImageScan/afterwards' });
    expect((await listScans(url)).length).toBeGreaterThan(1);
    kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(lines.filter(({ level }) => Number(level) >= 50)).toEqual([]);
    expect(stderr()).not.toMatch(/error|exception|^\s+at /im);
  };

  it(`answers ${RUNS * IN_FLIGHT} of them below 500, exits on none, and then still answers right`, async () => {
    const server = await spawn({ SCAN_STORE_PATH: ':memory:' });
    const statuses: number[] = [];
    const batches = fc.array(damaged(originals), { minLength: IN_FLIGHT, maxLength: IN_FLIGHT });
    await fc.assert(
      fc.asyncProperty(batches, async (messages) => {
        const answers = await talk(server.url, messages);
        const found = answers.flatMap(({ received }) => statusesIn(received()));
        expect(found.filter((status) => status >= 500)).toEqual([]);
        statuses.push(...found);
      }),
      { numRuns: RUNS },
    );
    expect(statuses.length).toBeGreaterThan((RUNS * IN_FLIGHT) / 2);
    expect(new Set(statuses).size).toBeGreaterThan(3);
    await expectHealthy(server);
  });
});

describe('receive, under damaged messages', () => {
  const scope = readScope({});
  const NOW = Date.parse('2026-11-23T06:00:00Z');
  const EVENTS = [
    startedEvent(),
    finishedEvent(),
    evaluatedEvent(),
    finishedJobEvent(),
    ...apiServerEvents.slice(0, 6),
    ...layoutRequests.slice(0, 4).map(({ body }) => JSON.parse(body)),
    ...webhookRequests.slice(0, 4).map(({ body }) => ({ ...startedEvent(), data: JSON.parse(body) })),
  ];

  /** All texts inside a value, also inside JSON that is written in a text. */
  const textsIn = (value: unknown): readonly string[] => {
    if (typeof value === 'string') return [value, ...(/^\s*["{]/.test(value) ? textsIn(parsed(value)) : [])];
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
  };

  const parsed = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  };

  const KEPT = new Set(['applied', 'duplicate', 'superseded']);

  const expectHarmless = async (message: HttpMessage, isLive: boolean): Promise<void> => {
    const store = memoryStore({ maximum: 10_000 });
    const services = { store, scope, reader: httpReader, ...(isLive && { now: () => NOW }) };
    const reply = await receive(message, allFunctions, services);
    expect(reply.received.filter(({ outcome }) => outcome === 'unavailable')).toEqual([]);
    const named = reply.received.filter(({ outcome }) => KEPT.has(outcome)).map(({ scan }) => scan);
    const texts = new Set(textsIn(parsed(Buffer.from(message.body).toString())));
    const kept: string[] = [];
    for await (const { scan } of store.list()) {
      kept.push(scanKey(scan));
      expect(Object.values(scan).filter((text) => !texts.has(text))).toEqual([]);
    }
    expect(new Set(kept)).toEqual(new Set(named.map((scan) => (scan === undefined ? 'none' : scanKey(scan)))));
    const { status } = answer(reply, { cluster: 'test' });
    expect(status).toBeLessThan(500);
  };

  const expectAllHarmless = (messages: fc.Arbitrary<HttpMessage>, numRuns: number): Promise<void> =>
    fc.assert(fc.asyncProperty(messages, fc.boolean(), expectHarmless), { numRuns });

  const inAnyMode = (events: fc.Arbitrary<unknown>): fc.Arbitrary<HttpMessage> =>
    fc.oneof(
      events.map(structuredMessage),
      fc.array(events, { maxLength: 4 }).map(batchMessage),
      events.map((event) => binaryMessage({ ...startedEvent(), data: event })),
      events.map(
        (event): HttpMessage => ({
          headers: [['content-type', 'application/json']],
          body: JSON.stringify(event) ?? '',
        }),
      ),
    );

  it('keeps nothing of a damaged recording but what it truly says', async () => {
    await expectAllHarmless(damagedMessages([...webhookRequests, ...layoutRequests].map(messageOf)), 2_500);
  });

  it('keeps nothing of an event in which a value was replaced but what it truly says', async () => {
    await expectAllHarmless(inAnyMode(poisoned(EVENTS)), 2_500);
  });

  it('keeps nothing of arbitrary JSON, and of what was never JSON', async () => {
    const anything = fc.oneof(
      fc.jsonValue({ noUnicodeString: false, maxDepth: 6 }),
      fc.anything({ withBigInt: false, withDate: true, withMap: true, withSparseArray: true, withNullPrototype: true }),
      harmfulValue,
    );
    await expectAllHarmless(inAnyMode(anything), 1_500);
  });

  it('keeps nothing of texts that are made to exhaust whoever reads them', async () => {
    const types = ['application/json', 'application/cloudevents+json', 'application/cloudevents-batch+json'];
    const part = fc.constantFrom(
      '[',
      '{"a":',
      '{"__proto__":',
      '"\\ud800"',
      '1e999',
      '-',
      '"',
      '\\',
      '{}',
      ']',
      '}',
      ',',
    );
    const text = fc
      .array(fc.tuple(part, fc.constantFrom(1, 2, 63, 64, 65, 20_000)), { maxLength: 6 })
      .map((parts) => parts.map(([piece, times]) => piece.repeat(times)).join(''));
    const messages = fc.tuple(text, fc.constantFrom(...types), fc.boolean()).map(
      ([body, type, isBinary]): HttpMessage => ({
        headers: [['content-type', type], ...(isBinary ? binaryMessage(startedEvent()).headers : [])],
        body,
      }),
    );
    await expectAllHarmless(messages, 500);
  });

  it('leaves the language as it was', () => {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });
});
