/** An API server that fails, each way it can: what the sender is told, and that nothing is lost or told twice. */
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Fact } from '../../shared/conditions/facts.ts';
import { Rejected } from '../../shared/events/rejected.ts';
import { type Applied, applyFacts } from '../../shared/scans/apply.ts';
import type { ScanStore } from '../../shared/scans/store.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { failure } from '../support/api-objects.ts';
import { type ApiServer, type ApiServerSettings, type Asked, apiServers, type Trouble } from '../support/api-server.ts';
import { movableClock, stopTimers } from '../support/clock.ts';
import { finishedFact, startedFact } from '../support/job-facts.ts';
import { kubernetesStores, putScans, statusOf } from '../support/kubernetes-stores.ts';
import { scanNamed } from '../support/store-contract.ts';

const serve = apiServers();
const open = kubernetesStores();
const moveClock = movableClock();

const scan = scanNamed('one');
const started = startedFact(scan, 'a', 1);
const finished = finishedFact(scan, 'a', 3);

const openOne = async (settings: ApiServerSettings = {}): Promise<{ server: ApiServer; store: ScanStore }> => {
  const server = await serve(settings);
  putScans(server, scan);
  return { server, store: open(server).store };
};

const apply = async (store: ScanStore, ...facts: readonly Fact[]): Promise<readonly Applied['outcome'][]> =>
  (await applyFacts(store, facts)).map(({ outcome }) => outcome);

const problemOf = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
};

/** Meets the first request of this method with trouble, and no other. */
const once = (method: string, trouble: Trouble): ((asked: Asked) => Trouble | undefined) => {
  let met = false;
  return (asked) => {
    if (met || asked.method !== method) return undefined;
    met = true;
    return trouble;
  };
};

const methods = ({ asked }: ApiServer): string => asked.map(({ method }) => method).join(' ');

const json = (body: unknown): string => JSON.stringify(body);

describe('a server that refuses', () => {
  it.each<{ what: string; answer: number; headers?: Readonly<Record<string, string>>; body?: string; wait: number }>([
    { what: 'throttles', answer: 429, headers: { 'retry-after': '17' }, wait: 17 },
    { what: 'is overloaded', answer: 503, headers: { 'retry-after': '2' }, wait: 2 },
    { what: 'fails', answer: 500, wait: 5 },
    { what: 'fails and asks for an hour', answer: 500, headers: { 'retry-after': '3600' }, wait: 300 },
    { what: 'names a date', answer: 503, headers: { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, wait: 5 },
    { what: 'names no number', answer: 503, headers: { 'retry-after': '-1' }, wait: 5 },
    { what: 'cannot reach its etcd', answer: 504, body: json(failure(504, 'Timeout', 'etcd').body), wait: 5 },
    { what: 'is a gateway that answers in HTML', answer: 502, body: '<html>Bad Gateway</html>', wait: 5 },
    { what: 'sends somewhere else', answer: 302, headers: { location: 'https://login.example' }, wait: 5 },
    { what: 'refuses the account', answer: 403, body: json(failure(403, 'Forbidden', 'no').body), wait: 5 },
    { what: 'has forgotten the list', answer: 410, body: json(failure(410, 'Expired', 'too old').body), wait: 5 },
  ])('makes the event wait: $what', async ({ wait, what: _, ...trouble }) => {
    for (const method of ['GET', 'PATCH']) {
      const { server, store } = await openOne();
      server.trouble(once(method, trouble));
      const problem = await problemOf(apply(store, started));
      expect(problem).toBeInstanceOf(Unavailable);
      expect(problem).toMatchObject({ name: 'Unavailable', retryAfter: wait });
      expect(String(problem)).toMatch(/^Unavailable: the API server [^\n]+$/);
      expect(statusOf(server, scan)).toEqual({});
      expect(await apply(store, started)).toEqual(['applied']);
    }
  });

  it.each([400, 413, 422])('takes a write for wrong (%i): so it would be the next time', async (answer) => {
    const { server, store } = await openOne();
    server.trouble(once('PATCH', { answer, body: json(failure(answer, 'Invalid', 'status.phase: Unsupported').body) }));
    const problem = await problemOf(apply(store, started));
    expect(problem).toBeInstanceOf(Rejected);
    expect(problem).toMatchObject({ message: 'status: the API server finds it invalid: status.phase: Unsupported' });
  });

  it.each([400, 413, 422])('but not a read (%i), in which there is nothing of the event', async (answer) => {
    const { server, store } = await openOne();
    server.trouble(once('GET', { answer, body: 'Client sent an HTTP request to an HTTPS server.' }));
    expect(await problemOf(apply(store, started))).toMatchObject({ name: 'Unavailable' });
  });

  it('writes a write that conflicts again, five times at most', async () => {
    const { server, store } = await openOne();
    server.trouble(({ method }) => (method === 'PATCH' ? { answer: 409 } : undefined));
    expect(await problemOf(apply(store, started))).toMatchObject({
      name: 'Unavailable',
      message: 'the scan is written by others all the time',
    });
    expect(methods(server)).toBe(Array(5).fill('GET PATCH').join(' '));
  });
});

describe('a 404', () => {
  it('of a CRD that is not installed is no scan that is gone', async () => {
    const { store } = await openOne({ resources: [] });
    expect(await problemOf(apply(store, started))).toMatchObject({
      name: 'Unavailable',
      message: 'the API server does not know this kind of object; install its CRD (infra/crds)',
    });
  });

  it.each([
    ['about something else', failure(404, 'NotFound', 'namespaces "team" not found', 'team').body],
    ['that names nothing', failure(404, 'NotFound', 'not found').body],
    ['that is no Status', { kind: 'Page', details: 7 }],
    ['that is no object', []],
  ])('%s is no scan that is gone', async (_, body) => {
    const { server, store } = await openOne();
    server.trouble(once('GET', { answer: 404, body: json(body) }));
    expect(await problemOf(apply(store, started))).toMatchObject({ name: 'Unavailable' });
  });

  it('of a CRD without the subresource says what to install', async () => {
    const { store } = await openOne({ hasStatus: false });
    expect(await problemOf(apply(store, started))).toMatchObject({
      name: 'Unavailable',
      message: 'ImageScan has no subresource status; install infra/crds',
    });
  });
});

describe('something that is no API server', () => {
  const html = { 'content-type': 'text/html' };

  it.each<{ what: string; headers?: Readonly<Record<string, string>>; body: string }>([
    { what: 'a page', headers: html, body: '<html>Sign in</html>' },
    { what: 'a page that says it is JSON', body: '<html>Sign in</html>' },
    { what: 'nothing', body: '' },
    { what: 'half an object', body: '{"metadata":{' },
    { what: 'a list', body: '[]' },
    { what: 'null', body: 'null' },
    { what: 'a text', headers: { 'content-type': 'text/plain' }, body: 'ok' },
    { what: 'an object without metadata', body: '{}' },
    { what: 'an object of wrong types', body: '{"metadata":[],"status":7}' },
    { what: 'no type', headers: { 'content-type': '' }, body: '{}' },
  ])('makes the event wait: $what', async ({ what: _, headers, body }) => {
    for (const method of ['GET', 'PATCH']) {
      const { server, store } = await openOne();
      server.trouble(once(method, { answer: 200, body, ...(headers && { headers }) }));
      const problem = await problemOf(apply(store, started));
      expect(problem).toMatchObject({
        name: 'Unavailable',
        message: 'what answers for the API server sends no objects',
      });
      expect(await apply(store, started)).toEqual(['applied']);
    }
  });

  it.each(['<html>', '', '{}', '[]', 'null', '{"items":7}'])('is not ready: %p', async (body) => {
    const { server, store } = await openOne();
    server.trouble(() => ({ answer: 200, body }));
    expect(await problemOf(store.ready())).toMatchObject({ name: 'Unavailable' });
  });
});

describe('an answer that is lost', () => {
  it.each(['cut before', 'cut after', 'stall'] as const)('of a read is asked for again (%s)', async (trouble) => {
    const { server, store } = await openOne();
    if (trouble === 'stall') return expectStallEnds(server, store, 'GET');
    server.trouble(once('GET', trouble));
    expect(await apply(store, started)).toEqual(['applied']);
    expect(methods(server)).toBe('GET GET PATCH');
    return undefined;
  });

  it('of a read is asked for three times at most', async () => {
    const { server, store } = await openOne();
    server.trouble(() => 'cut before');
    expect(await problemOf(apply(store, started))).toMatchObject({
      name: 'Unavailable',
      message: 'the API server does not answer',
    });
    expect(methods(server)).toBe('GET GET GET');
  });

  it('of a write that took effect is found by reading, and the fact is told as applied', async () => {
    const { server, store } = await openOne();
    server.trouble(once('PATCH', 'cut after'));
    expect(await apply(store, started)).toEqual(['applied']);
    expect(methods(server)).toBe('GET PATCH GET');
    expect(await apply(store, started)).toEqual(['duplicate']);
    expect(methods(server)).toBe('GET PATCH GET');
  });

  it('of a write that took none is written again', async () => {
    const { server, store } = await openOne();
    server.trouble(once('PATCH', 'cut before'));
    expect(await apply(store, started, finished)).toEqual(['applied', 'applied']);
    expect(methods(server)).toBe('GET PATCH GET PATCH');
    expect(statusOf(server, scan)).toMatchObject({ phase: 'Completed' });
  });

  it('of every write ends in telling that none is answered', async () => {
    const { server, store } = await openOne();
    server.trouble(({ method }) => (method === 'PATCH' ? 'cut before' : undefined));
    expect(await problemOf(apply(store, started))).toMatchObject({
      name: 'Unavailable',
      message: 'no write is answered',
    });
    expect(methods(server)).toBe(Array(5).fill('GET PATCH').join(' '));
  });

  it('is put together from whatever pieces it comes in', async () => {
    const { server, store } = await openOne();
    await apply(store, started);
    server.objects.patchStatus('imagescans', 'team', 'one', { status: { theirs: 'é🦀'.repeat(200) } });
    server.trouble(() => 'drip');
    const read = await open(server).store.read(scan);
    expect(read?.status.theirs).toBe('é🦀'.repeat(200));
  });
});

afterEach(() => void jest.useRealTimers());

const expectStallEnds = async (server: ApiServer, store: ScanStore, method: string): Promise<void> => {
  stopTimers();
  server.trouble(once(method, 'stall'));
  const applying = apply(store, started);
  await server.seen(1);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(await applying).toEqual(['applied']);
};

describe('a server that never answers', () => {
  it('is given ten seconds a request, and a read is asked for three times', async () => {
    stopTimers();
    const { server, store } = await openOne();
    server.trouble(() => 'silence');
    const problem = problemOf(apply(store, started));
    for (const times of [1, 2, 3]) {
      await server.seen(times);
      await jest.advanceTimersByTimeAsync(9_000);
      expect(server.asked).toHaveLength(times);
      await jest.advanceTimersByTimeAsync(1_000);
    }
    expect(await problem).toMatchObject({ name: 'Unavailable', message: 'the API server does not answer' });
  });

  it('to a write is asked what it did', async () => {
    stopTimers();
    const { server, store } = await openOne();
    server.trouble(once('PATCH', 'silence'));
    const applying = apply(store, started);
    await server.seen(2);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await applying).toEqual(['applied']);
    expect(methods(server)).toBe('GET PATCH GET PATCH');
  });

  it('keeps what waits for a connection from leaving after it was given up', async () => {
    stopTimers();
    const server = await serve();
    const scans = Array.from({ length: 65 }, (_, at) => scanNamed(`scan-${at}`));
    putScans(server, ...scans);
    server.trouble(() => 'silence');
    const { store } = open(server);
    const problems = scans.map((one) => problemOf(store.read(one)));
    for (const times of [64, 128, 192]) {
      await server.seen(times);
      // All deadlines at once, as Node lets timers run out: nothing else happens between them.
      jest.advanceTimersByTime(10_000);
    }
    for (const problem of await Promise.all(problems)) expect(problem).toBeInstanceOf(Unavailable);
    expect(server.asked.filter(({ path }) => path.endsWith('/scan-64'))).toEqual([]);
  });
});

describe('a server that is not ready', () => {
  it('is asked what it serves and what this account may do, and believed for half a minute', async () => {
    const { server, store } = await openOne();
    await store.ready();
    expect(methods(server)).toBe('GET POST POST POST POST');
    moveClock(20_000);
    await store.ready();
    expect(server.asked).toHaveLength(5);
    moveClock(11_000);
    await store.ready();
    expect(server.asked).toHaveLength(10);
  });

  it.each<{ what: string; settings: ApiServerSettings; namespaces?: readonly string[]; problem: string }>([
    {
      what: 'has no CRD',
      settings: { resources: [] },
      problem: 'the API server does not know this kind of object; install its CRD (infra/crds)',
    },
    {
      what: 'has one of two CRDs',
      settings: { resources: ['imagescans'] },
      problem: 'the API server does not know SourceScan of scanning.apps.tanzu.vmware.com; install infra/crds',
    },
    {
      what: 'lets nobody read',
      settings: { allows: () => false },
      problem: 'this account may not get sourcescans in all namespaces (or set SCAN_NAMESPACES); apply infra/rbac',
    },
    {
      what: 'lets nobody write in one namespace',
      settings: { allows: ({ namespace, verb }) => namespace === 'a' || verb === 'get' },
      namespaces: ['a', 'b'],
      problem: 'this account may not patch sourcescans/status in b; apply infra/rbac',
    },
    {
      what: 'does not know the account',
      settings: { knows: () => false },
      problem: 'the API server does not know this account; look at its token or kubeconfig',
    },
  ])('says so, until that is mended: $what', async ({ settings, namespaces, problem }) => {
    const mended = { ...settings };
    const server = await serve({
      get resources() {
        return mended.resources ?? ['imagescans', 'sourcescans'];
      },
      allows: (attributes) => mended.allows?.(attributes) ?? true,
      knows: (asked) => mended.knows?.(asked) ?? true,
    });
    const { store } = open(server, namespaces && { namespaces });
    expect(await problemOf(store.ready())).toMatchObject({ name: 'Unavailable', message: problem });
    for (const name of Object.keys(mended) as (keyof ApiServerSettings)[]) delete mended[name];
    await expect(store.ready()).resolves.toBeUndefined();
  });

  it('says so where no answer comes', async () => {
    const { server, store } = await openOne();
    for (const method of ['GET', 'POST']) {
      server.trouble(once(method, 'cut before'));
      expect(await problemOf(store.ready())).toMatchObject({
        name: 'Unavailable',
        message: 'the API server does not answer',
      });
    }
    await expect(store.ready()).resolves.toBeUndefined();
  });
});
