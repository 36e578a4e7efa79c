/** The HTTP server as senders and people meet it: its routes, its limits, and the recording posted to it. */
import { Agent } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { MAX_BODY } from '../../shared/events/message.ts';
import { readScope } from '../../shared/runtime/config.ts';
import { openEmbeddedStore } from '../../shared/scans/embedded.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import { get, listedStatuses, listScans, type Sent, send } from '../support/http-client.ts';
import { batch, binary, finishedEvent, startedEvent, structured, withData } from '../support/http-messages.ts';
import { problemIn } from '../support/http-problem.ts';
import { layoutRequests, TRUTH, webhookRequests } from '../support/recorded.ts';
import { servers } from '../support/server-in-process.ts';
import { brokenStore, unavailableStore } from '../support/server-stores.ts';

const serve = servers();

const asRecorded = ({ path, rawHeaders, body }: (typeof webhookRequests)[number]): Sent => ({
  path,
  headers: rawHeaders,
  body,
});

describe('the recording, posted as it arrived', () => {
  const stores = [
    { name: 'memory', open: async () => memoryStore({ maximum: 100 }) },
    { name: 'embedded', open: () => openEmbeddedStore({ path: ':memory:', maximum: 100 }) },
  ];

  it.each(stores)('tells the truth of all scans ($name store)', async ({ open }) => {
    const { url } = await serve({ store: await open() });
    const found: number[] = [];
    for (const recorded of webhookRequests) found.push((await send(url, asRecorded(recorded))).status);
    expect(await listedStatuses(url)).toMatchObject(TRUTH);
    expect(Object.keys(await listedStatuses(url))).toEqual(Object.keys(TRUTH));
    expect(new Set(found)).toEqual(new Set([200, 204]));
  });

  it('tells the truth when all of it arrives at once', async () => {
    const { url } = await serve();
    await Promise.all([...webhookRequests, ...webhookRequests].map((recorded) => send(url, asRecorded(recorded))));
    expect(await listedStatuses(url)).toMatchObject(TRUTH);
  });

  it('tells the truth from POST / alone', async () => {
    const { url } = await serve();
    for (const recorded of webhookRequests) await send(url, { ...asRecorded(recorded), path: '/' });
    expect(await listedStatuses(url)).toMatchObject(TRUTH);
  });

  it("takes an exporter's structured events that call themselves application/json", async () => {
    const { url } = await serve();
    for (const recorded of layoutRequests) await send(url, { ...asRecorded(recorded), path: '/' });
    const { 'team-search/ImageScan/indexer-image': _, ...held } = TRUTH;
    expect(await listedStatuses(url)).toMatchObject(held);
  });
});

describe('the routes', () => {
  it('answers 400, which nobody repeats, to a POST where no function is', async () => {
    const { url } = await serve();
    for (const path of ['/job-began', '/job-started/', '/api/scans', '/%ff', '/..%2fjob-started']) {
      expect(problemIn(await send(url, structured(startedEvent(), path)), 400).detail).toMatch(/^path: must be/);
    }
  });

  it.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('answers 405 to %s of a function', async (method) => {
    const { url } = await serve();
    const answer = await send(url, { method, path: '/job-started' });
    expect(problemIn(answer, 405).detail).toContain('POST');
    expect(answer.headers.allow).toBe('POST');
  });

  it('answers 404 to a GET of nothing', async () => {
    const { url } = await serve();
    problemIn(await get(url, '/scans'), 404);
  });

  it('answers 400 to a type that nobody takes, and to one that this function does not take', async () => {
    const { url } = await serve();
    const unknown = { ...startedEvent(), type: 'dev.scanstatus.job-paused.v1' };
    for (const sent of [structured(unknown), structured(finishedEvent(), '/job-started')]) {
      expect(problemIn(await send(url, sent), 400)).toMatchObject({ id: 'event-1', field: 'type' });
    }
  });
});

describe('the media types', () => {
  const body = JSON.stringify(startedEvent());

  it.each([
    'application/cloudevents+json; charset=utf-8',
    'application/cloudevents+json;charset=UTF-8',
    'application/cloudevents+json; charset="utf-8"',
    'Application/CloudEvents+JSON',
    'application/json',
    'application/json; charset=utf-8; profile=x',
    'text/json',
  ])('reads a structured event that calls itself %s', async (type) => {
    const { url } = await serve();
    expect((await send(url, { path: '/', headers: { 'content-type': type }, body })).status).toBe(200);
  });

  it.each([
    'application/cloudevents+json; charset=iso-8859-1',
    'application/cloudevents-batch+json; charset=utf-16',
    'application/cloudevents+avro',
    'text/plain',
    'application/x-www-form-urlencoded',
    '',
  ])('answers 415 to %p', async (type) => {
    const { url } = await serve();
    const answer = await send(url, { path: '/', headers: { 'content-type': type }, body });
    expect(problemIn(answer, 415).field).toBe('content-type');
  });

  it('reads binary mode with a charset, and with no content type at all', async () => {
    const { url } = await serve();
    const { headers, ...sent } = binary(startedEvent()) as Sent & { headers: Readonly<Record<string, string>> };
    const { 'content-type': _, ...none } = headers;
    const charset = { ...headers, 'content-type': 'application/json; charset=utf-8' };
    expect((await send(url, { ...sent, headers: charset })).status).toBe(200);
    expect((await send(url, { ...sent, headers: none })).status).toBe(204);
  });

  it('answers 415 to a content encoding that it does not undo', async () => {
    const { url } = await serve();
    const { headers, ...sent } = structured(startedEvent());
    for (const encoding of ['gzip', 'br', 'identity, gzip']) {
      const answer = await send(url, { ...sent, headers: { ...headers, 'content-encoding': encoding } });
      expect(problemIn(answer, 415).field).toBe('content-encoding');
    }
    expect((await send(url, { ...sent, headers: { ...headers, 'content-encoding': 'identity' } })).status).toBe(200);
  });
});

describe('the limits', () => {
  const large = new Uint8Array(64 * 1_024).fill(0x20);

  it('takes a body of 1 MiB and answers 413 to one byte more', async () => {
    const { url } = await serve();
    const event = JSON.stringify(startedEvent());
    const post = (bytes: number) => send(url, { ...structured(startedEvent()), body: event.padEnd(bytes) });
    expect((await post(MAX_BODY)).status).toBe(200);
    expect(problemIn(await post(MAX_BODY + 1), 413).field).toBe('body');
  });

  it.each([
    { how: 'at once', body: ' '.repeat(2 * MAX_BODY) },
    { how: 'in chunks', body: Array.from({ length: 40 }, () => large) },
  ])('answers 413 to far more $how, and goes on with the same connection', async ({ body }) => {
    const { url } = await serve();
    const { path, headers = {} } = structured(startedEvent());
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(problemIn(await send(url, { path, headers, body }, agent), 413).field).toBe('body');
    expect((await send(url, structured(startedEvent()), agent)).status).toBe(200);
    agent.destroy();
  });

  it('reads a body that comes in chunks', async () => {
    const { url } = await serve();
    const { path, headers = {}, body } = structured(startedEvent());
    const bytes = Buffer.from(body as string);
    const pieces = [bytes.subarray(0, 20), bytes.subarray(20, 21), bytes.subarray(21)];
    expect((await send(url, { path, headers, body: pieces })).status).toBe(200);
  });

  it('answers 400 to bytes that are not UTF-8', async () => {
    const { url } = await serve();
    const broken = Buffer.from(JSON.stringify(startedEvent()).replace('/tests', '/te\u00ffsts'), 'latin1');
    expect(problemIn(await send(url, { ...structured({}), body: broken }), 400).field).toBe('body');
  });

  it('answers 400 to what nests deeper than 64, in every mode', async () => {
    const { url } = await serve();
    const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
    const deep = withData(startedEvent(), { deep: nested(64) });
    expect(problemIn(await send(url, structured(deep)), 400).field).toBe('body');
    expect(problemIn(await send(url, batch([deep])), 400).field).toBe('body');
    expect(problemIn(await send(url, binary(deep)), 400)).toMatchObject({ id: 'event-1', field: 'data' });
    expect((await send(url, binary(withData(startedEvent(), { deep: nested(63) })))).status).toBe(200);
  });
});

describe('the Host header on loopback', () => {
  const probe = (url: string, host: string) => send(url, { method: 'GET', path: '/healthz', headers: ['Host', host] });

  it.each(['localhost', 'LOCALHOST:8080', '127.0.0.1:18099', '127.1.2.3', '[::1]', '[::1]:8080'])(
    'lets %s pass',
    async (host) => {
      const { url } = await serve();
      expect((await probe(url, host)).status).toBe(200);
    },
  );

  it.each(['evil.example', 'evil.example:8080', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1'])(
    'refuses %s with 403',
    async (host) => {
      const { url } = await serve();
      expect(problemIn(await probe(url, host), 403).detail).toMatch(/^host:/);
    },
  );

  it('keeps an event that comes under a foreign name from the store', async () => {
    const { url } = await serve();
    const { headers, ...sent } = structured(startedEvent());
    problemIn(await send(url, { ...sent, headers: { ...headers, host: 'evil.example' } }), 403);
    expect(await listScans(url)).toEqual([]);
  });

  it('is not looked at where strangers may reach the server anyway', async () => {
    const { url } = await serve({ isLoopback: false });
    expect((await probe(url, 'scans.example')).status).toBe(200);
  });
});

describe('GET /api/scans', () => {
  it('lists scans by namespace, kind, name and uid, shaped like a Kubernetes List', async () => {
    const { url } = await serve();
    const sorted = [
      { namespace: 'a', kind: 'ImageScan', name: 'x', uid: '1' },
      { namespace: 'a', kind: 'ImageScan', name: 'x', uid: '2' },
      { namespace: 'a', kind: 'ImageScan', name: 'y', uid: '1' },
      { namespace: 'a', kind: 'SourceScan', name: 'a', uid: '1' },
      { namespace: 'b', kind: 'ImageScan', name: 'a', uid: '1' },
    ];
    for (const scan of sorted.toReversed()) await send(url, structured(startedEvent(scan)));
    const answer = await get(url, '/api/scans');
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(JSON.parse(answer.body)).toMatchObject({ apiVersion: 'v1', kind: 'List', metadata: {} });
    expect(await listScans(url)).toEqual(
      sorted.map(({ kind, ...metadata }) => ({
        apiVersion: 'scanning.apps.tanzu.vmware.com/v1beta1',
        kind,
        metadata: { ...metadata, resourceVersion: expect.stringMatching(/^\d+$/) },
        status: expect.objectContaining({ phase: 'Scanning' }),
      })),
    );
  });

  it('is an empty list before the first event', async () => {
    const { url } = await serve();
    expect(JSON.parse((await get(url, '/api/scans')).body)).toEqual({
      apiVersion: 'v1',
      kind: 'List',
      metadata: {},
      items: [],
    });
  });

  it('names the group that is kept', async () => {
    const { url } = await serve({ scope: readScope({ SCAN_GROUP: 'scans.example' }) });
    await send(url, structured(startedEvent()));
    expect((await listScans(url)).map(({ apiVersion }) => apiVersion)).toEqual(['scans.example/v1beta1']);
  });

  it('answers 503 where the store cannot be read, and not half a list', async () => {
    const { url } = await serve({ store: unavailableStore });
    const answer = await get(url, '/api/scans');
    problemIn(answer, 503);
    expect(answer.headers['retry-after']).toBe('7');
  });
});

describe('the probes', () => {
  it('are green while the store can be used', async () => {
    const { url } = await serve();
    expect((await get(url, '/healthz')).status).toBe(200);
    expect((await get(url, '/readyz')).status).toBe(200);
  });

  it('say alive but not ready while it cannot', async () => {
    const { url } = await serve({ store: unavailableStore });
    expect((await get(url, '/healthz')).status).toBe(200);
    const answer = await get(url, '/readyz');
    expect(problemIn(answer, 503).detail).toBe('the store is away');
    expect(answer.headers['retry-after']).toBe('7');
  });

  it('answer 503 without saying more, and log why, where the mistake is ours', async () => {
    const { url, lines } = await serve({ store: brokenStore() });
    expect(problemIn(await get(url, '/readyz'), 503).detail).not.toContain('function');
    expect(lines).toEqual([
      expect.objectContaining({ level: 50, err: expect.objectContaining({ type: 'TypeError' }) }),
    ]);
  });
});
