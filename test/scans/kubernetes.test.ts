/** Scans in an API server: which requests go out for an event, and whose writes stand. */
import { describe, expect, it } from '@jest/globals';
import type { Fact, ScanRef } from '../../shared/conditions/facts.ts';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import { type Applied, applyFacts } from '../../shared/scans/apply.ts';
import type { ScanStore } from '../../shared/scans/store.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { type ApiServer, apiServers } from '../support/api-server.ts';
import { second } from '../support/arbitraries.ts';
import { movableClock } from '../support/clock.ts';
import { failedVerdict, finishedFact, startedFact } from '../support/job-facts.ts';
import { kubernetesStores, putScans, resourceOf, scanObject, statusOf } from '../support/kubernetes-stores.ts';
import { scanNamed, storeContract } from '../support/store-contract.ts';

const serve = apiServers();
const open = kubernetesStores();
const moveClock = movableClock();

const scan = scanNamed('one');
const started = (uid: string, at: number): Fact => startedFact(scan, uid, at);
const finished = (uid: string, at: number): Fact => finishedFact(scan, uid, at);

const outcomesOf = async (store: ScanStore, ...facts: readonly Fact[]): Promise<readonly Applied['outcome'][]> => {
  const all: Applied['outcome'][] = [];
  for (const fact of facts) all.push(...(await applyFacts(store, [fact])).map(({ outcome }) => outcome));
  return all;
};

/** A store of one scan that has not been written. */
const openOne = async (): Promise<{ server: ApiServer; store: ScanStore }> => {
  const server = await serve();
  putScans(server, scan);
  return { server, store: open(server).store };
};

const methods = ({ asked }: ApiServer, from = 0): string =>
  asked
    .slice(from)
    .map(({ method }) => method)
    .join(' ');

/** Writes a scan's status as another controller would. */
const writeStatus = ({ objects }: ApiServer, { kind, namespace, name }: ScanRef, status: JsonObject): void => {
  const { body } = objects.patchStatus(resourceOf(kind), namespace, name, { status });
  expect(body).toMatchObject({ metadata: { name } });
};

describe.each([
  { protocol: 'HTTPS', tls: true },
  { protocol: 'HTTP', tls: false },
])('the Kubernetes store over $protocol', ({ tls }) => {
  storeContract({
    open: async (scans) => {
      const server = await serve({ tls });
      putScans(server, ...scans);
      return open(server).store;
    },
  });
});

describe('the requests of an event', () => {
  it('are a read and a write where nothing is known of the scan', async () => {
    const { server, store } = await openOne();
    expect(await outcomesOf(store, started('a', 1))).toEqual(['applied']);
    expect(methods(server)).toBe('GET PATCH');
    expect(server.asked[1]).toMatchObject({
      path: '/apis/scanning.apps.tanzu.vmware.com/v1beta1/namespaces/team/imagescans/one/status',
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    const { metadata, status } = JSON.parse(server.asked[1]?.body ?? '');
    expect(metadata).toEqual({ resourceVersion: expect.stringMatching(/^\d+$/) });
    expect(status).toMatchObject({ phase: 'Scanning', conditions: [{ type: 'Scanning' }], runs: [{ uid: 'a' }] });
  });

  it('are a write alone where the scan is known, and none where it knows the fact', async () => {
    const { server, store } = await openOne();
    await outcomesOf(store, started('a', 1));
    const cold = server.asked.length;
    expect(await outcomesOf(store, started('a', 1), finished('a', 3), finished('a', 3))).toEqual([
      'duplicate',
      'applied',
      'duplicate',
    ]);
    expect(methods(server, cold)).toBe('PATCH');
    expect(await outcomesOf(store, failedVerdict(scan, 'a', 3, ['CVE-1']), started('a', 1))).toEqual([
      'applied',
      'duplicate',
    ]);
    expect(methods(server, cold)).toBe('PATCH PATCH');
  });

  it('are a read alone where another process wrote the fact', async () => {
    const { server, store } = await openOne();
    await outcomesOf(open(server).store, started('a', 1));
    const before = server.asked.length;
    expect(await outcomesOf(store, started('a', 1))).toEqual(['duplicate']);
    expect(methods(server, before)).toBe('GET');
  });

  it('are the same for all facts of one batch', async () => {
    const { server, store } = await openOne();
    await applyFacts(store, [started('a', 1), finished('a', 3), started('b', 5)]);
    expect(methods(server)).toBe('GET PATCH');
  });

  it('share their connections', async () => {
    const server = await serve({ tls: true });
    const scans = Array.from({ length: 200 }, (_, at) => scanNamed(`scan-${at}`));
    putScans(server, ...scans);
    const { store } = open(server);
    const queue = scans.values();
    const worker = async (): Promise<void> => {
      for (const one of queue) await applyFacts(store, [startedFact(one, 'a', 1)]);
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    expect(server.asked).toHaveLength(400);
    // One that was just answered may not be free again before the next request.
    expect(server.connections()).toBeLessThanOrEqual(2 * 16);
    const all = open(server).store;
    const before = server.connections();
    await Promise.all(scans.map((one) => applyFacts(all, [finishedFact(one, 'a', 3)])));
    expect(server.asked).toHaveLength(800);
    expect(server.connections() - before).toBeLessThanOrEqual(64);
  });
});

describe('a cached copy', () => {
  it('is believed for a minute and no longer', async () => {
    const { server, store } = await openOne();
    await outcomesOf(store, started('a', 1));
    writeStatus(server, scan, { theirs: 1 });
    const before = server.asked.length;
    moveClock(50_000);
    expect(await outcomesOf(store, started('a', 1))).toEqual(['duplicate']);
    expect(methods(server, before)).toBe('');
    moveClock(11_000);
    expect(await outcomesOf(store, started('a', 1))).toEqual(['duplicate']);
    expect(methods(server, before)).toBe('GET');
  });

  it('that has changed meanwhile costs a read, and undoes nothing', async () => {
    const { server, store } = await openOne();
    await outcomesOf(store, started('a', 1));
    const other = { type: 'SendingResults', status: 'True', reason: 'Sent', message: 'm' };
    const { conditions } = statusOf(server, scan);
    writeStatus(server, scan, { conditions: [...(conditions as readonly unknown[]), other], theirs: { a: 1 } });
    const before = server.asked.length;
    expect(await outcomesOf(store, finished('a', 3))).toEqual(['applied']);
    expect(methods(server, before)).toBe('PATCH GET PATCH');
    expect(statusOf(server, scan)).toMatchObject({
      conditions: [{ type: 'Scanning', status: 'False' }, { type: 'Succeeded' }, other],
      theirs: { a: 1 },
    });
  });

  it('of one life says nothing of the next', async () => {
    const { server, store } = await openOne();
    await outcomesOf(store, started('a', 1));
    const again = { ...scan, uid: 'recreated' };
    putScans(server, again);
    expect(await outcomesOf(store, finished('a', 3))).toEqual(['superseded']);
    expect(statusOf(server, scan)).toEqual({});
    expect(await outcomesOf(store, startedFact(again, 'b', 5))).toEqual(['applied']);
    expect(await outcomesOf(store, started('a', 1))).toEqual(['superseded']);
    expect(statusOf(server, scan)).toMatchObject({ runs: [{ uid: 'b' }] });
  });
});

describe('a scan that is gone', () => {
  it('supersedes its events, whichever way that shows', async () => {
    const { server, store } = await openOne();
    await outcomesOf(store, started('a', 1));
    server.objects.remove('imagescans', 'team', 'one');
    const before = server.asked.length;
    expect(await outcomesOf(store, finished('a', 3))).toEqual(['superseded']);
    // Decided by a fresh read, not by what the write of a cached copy met.
    expect(methods(server, before)).toBe('PATCH GET');
    expect(await outcomesOf(store, finished('a', 3))).toEqual(['superseded']);
    expect(methods(server, before)).toBe('PATCH GET GET');
  });

  it('is looked for anew with each event', async () => {
    const server = await serve();
    const { store } = open(server);
    expect(await outcomesOf(store, started('a', 1))).toEqual(['superseded']);
    putScans(server, scan);
    expect(await outcomesOf(store, started('a', 1))).toEqual(['applied']);
  });

  it('between the read and the write is found gone when the event comes again', async () => {
    const { server, store } = await openOne();
    server.trouble(({ method }) => {
      if (method === 'PATCH') server.objects.remove('imagescans', 'team', 'one');
      return undefined;
    });
    await expect(applyFacts(store, [started('a', 1)])).rejects.toThrow(Unavailable);
    expect(await outcomesOf(store, started('a', 1))).toEqual(['superseded']);
  });

  it('is found by nobody', async () => {
    const server = await serve();
    expect(await open(server).store.find(scan)).toEqual([]);
  });
});

describe('a write', () => {
  it('takes away what a newer run clears, however deep, and nothing of others', async () => {
    const server = await serve();
    const fact = failedVerdict(scan, 'a', 3, ['CVE-1']);
    const cveCount = { CRITICAL: 1, HIGH: 0, MEDIUM: 0, LOW: 0, UNKNOWN: 0, CVETOTAL: 1 };
    const verdict = {
      ...fact.run.verdict,
      cveCount,
      scanner: { name: 'Trivy', version: '1' },
    } as Fact['run']['verdict'];
    server.objects.put('imagescans', scanObject(scan, { status: { theirs: { kept: [1, { a: 1 }] } } }));
    const { store } = open(server);
    await applyFacts(store, [finished('a', 3), { ...fact, run: { ...fact.run, ...(verdict && { verdict }) } }]);
    expect(statusOf(server, scan)).toMatchObject({
      cveCount,
      scannedBy: { scanner: { name: 'Trivy' } },
      phase: 'Failed',
    });
    const before = server.asked.length;
    const third = { ...verdict, at: second(9), scanner: { name: 'Grype' } } as NonNullable<Fact['run']['verdict']>;
    await applyFacts(store, [{ ...fact, run: { uid: 'a', age: second(3), verdict: third } }]);
    expect(JSON.parse(server.asked[before]?.body ?? '').status.scannedBy).toEqual({
      scanner: { name: 'Grype', version: null },
    });
    expect(statusOf(server, scan)).toMatchObject({ scannedBy: { scanner: { name: 'Grype' } } });
    await outcomesOf(store, started('b', 20));
    const status = statusOf(server, scan);
    expect(Object.keys(status).toSorted()).toEqual(['conditions', 'phase', 'runs', 'theirs']);
    expect(status).toMatchObject({
      theirs: { kept: [1, { a: 1 }] },
      conditions: [{ type: 'Scanning', status: 'True' }],
    });
  });

  it('shows what the live scan is, and whether a policy is still to judge it', async () => {
    const server = await serve();
    const spec = { registry: { image: 'r.example/app@sha256:1', pullSecret: 's3cret' }, scanPolicy: 'strict' };
    server.objects.put('imagescans', scanObject(scan, { spec, labels: { team: 'a' } }));
    const { store } = open(server);
    const [applied] = await applyFacts(store, [finished('a', 3)]);
    const artifact = { registry: { image: 'r.example/app@sha256:1' } };
    expect(statusOf(server, scan)).toMatchObject({ phase: 'Scanning', artifact });
    expect(JSON.stringify(statusOf(server, scan))).not.toContain('s3cret');
    expect(applied?.live?.labels).toEqual({ team: 'a' });
    const [again] = await applyFacts(store, [finished('a', 3)]);
    expect(again).toMatchObject({ outcome: 'duplicate', live: { labels: { team: 'a' } } });
  });

  it.each<{ what: string; status: unknown }>([
    { what: 'conditions that are a text', status: { conditions: 'none', theirs: 1 } },
    { what: 'conditions that are no objects', status: { conditions: [null, 7, ['a'], 'b'], theirs: 1 } },
    { what: 'runs that are a number', status: { runs: 7, theirs: 1 } },
    {
      what: 'runs that are none',
      status: { runs: [{ uid: 1 }, null, 'a', { uid: 'x', age: 'yesterday' }], theirs: 1 },
    },
    { what: 'fields of wrong types', status: { phase: 7, cveCount: 'many', scannedBy: [], artifact: null, theirs: 1 } },
    { what: 'a status that is a list', status: ['a'] },
    { what: 'a status that is a text', status: 'done' },
    { what: 'a status that is null', status: null },
  ])('repairs $what', async ({ status }) => {
    const server = await serve();
    server.objects.put('imagescans', scanObject(scan, { status }));
    const { store } = open(server);
    expect(await outcomesOf(store, started('a', 1), finished('a', 3))).toEqual(['applied', 'applied']);
    const theirs = isJsonObject(status) ? { theirs: 1 } : {};
    const { conditions, runs, ...rest } = statusOf(server, scan);
    expect(rest).toEqual({ phase: 'Completed', scannedAt: second(3), ...theirs });
    expect(conditions).toMatchObject([{ type: 'Scanning' }, { type: 'Succeeded' }]);
    expect(runs).toMatchObject([{ uid: 'a' }]);
  });

  it('repairs what follows from known runs when a known fact is seen on a fresh read', async () => {
    const { server, store } = await openOne();
    await outcomesOf(store, started('a', 1));
    const right = statusOf(server, scan);
    writeStatus(server, scan, { conditions: 'none', phase: 'Failed', compliantArtifact: { registry: { image: 'x' } } });
    expect(await outcomesOf(open(server).store, started('a', 1))).toEqual(['duplicate']);
    expect(statusOf(server, scan)).toEqual(right);
  });
});

const dropping =
  (...names: readonly string[]) =>
  (status: unknown): unknown =>
    JSON.parse(JSON.stringify(status, (name, value) => (names.includes(name) ? undefined : value)));

describe.each([
  { crd: 'runs', names: ['runs'] },
  { crd: 'runs and errors', names: ['runs', 'error'] },
  { crd: 'all but the conditions', names: ['runs', 'error', 'phase', 'scannedAt', 'observedGeneration'] },
])('a CRD that drops $crd', ({ names }) => {
  it('is learned once, and costs no request more', async () => {
    const { server, store } = await openOne();
    server.objects.pruneBy(dropping(...names));
    const facts = [started('a', 1), started('a', 1), finished('a', 3), finished('a', 3), started('a', 1)];
    expect(await outcomesOf(store, ...facts)).toEqual(['applied', 'duplicate', 'applied', 'duplicate', 'superseded']);
    expect(methods(server)).toBe('GET PATCH PATCH');
    expect(statusOf(server, scan)).not.toHaveProperty('runs');
    expect(await outcomesOf(store, failedVerdict(scan, 'a', 3, ['CVE-1']), started('b', 9))).toEqual([
      'applied',
      'applied',
    ]);
    expect(statusOf(server, scan).conditions).toMatchObject([{ type: 'Scanning', status: 'True' }]);
    expect(methods(server)).toBe('GET PATCH PATCH PATCH PATCH');
  });

  it('is noticed when ours has taken its place', async () => {
    const { server, store } = await openOne();
    server.objects.pruneBy(dropping(...names));
    await outcomesOf(store, started('a', 1));
    server.objects.pruneBy((status) => status);
    await outcomesOf(store, finished('a', 3));
    expect(statusOf(server, scan)).toMatchObject({ phase: 'Completed', runs: [{ uid: 'a' }] });
    expect(await outcomesOf(store, started('b', 9), finished('a', 3))).toEqual(['applied', 'duplicate']);
    expect(statusOf(server, scan)).toMatchObject({ runs: [{ uid: 'b' }, { uid: 'a' }] });
  });

  it('is no reason to write what another process wrote', async () => {
    const { server, store } = await openOne();
    server.objects.pruneBy(dropping(...names));
    await outcomesOf(store, started('a', 1), finished('a', 3));
    const before = server.asked.length;
    const other = open(server).store;
    expect(await outcomesOf(other, finished('a', 3), started('a', 1))).toEqual(['duplicate', 'superseded']);
    expect(methods(server, before)).toBe('GET');
  });
});
