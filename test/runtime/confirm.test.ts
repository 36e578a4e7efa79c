/** Events held against the cluster: what a forged one can do, and what a failed Job's pods tell. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { allFunctions } from '../../functions/all.ts';
import { completeFinish, deletedFinish, type Fact, type Finish, failedFinish } from '../../shared/conditions/facts.ts';
import type { Instant } from '../../shared/conditions/instant.ts';
import { joinRun } from '../../shared/conditions/runs.ts';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import { textBytes } from '../../shared/conditions/text.ts';
import { APISERVER_DELETED } from '../../shared/events/types.ts';
import { readScope } from '../../shared/runtime/config.ts';
import { confirmWith } from '../../shared/runtime/confirm.ts';
import { receive } from '../../shared/runtime/receive.ts';
import type { Received } from '../../shared/runtime/received.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import type { ScanStore } from '../../shared/scans/store.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import type { KubernetesObject } from '../support/api-objects.ts';
import { type ApiServer, apiServers } from '../support/api-server.ts';
import { failedVerdict } from '../support/job-facts.ts';
import { kubernetesStores } from '../support/kubernetes-stores.ts';
import { messageOf, recordedFile, TRUTH, webhookRequests } from '../support/recorded.ts';
import { statuses } from '../support/statuses.ts';

const serve = apiServers();
const open = kubernetesStores();
const scope = readScope({});

const recorded = (name: string): readonly KubernetesObject[] =>
  JSON.parse(readFileSync(recordedFile(name), 'utf8')).items;
const [jobs, pods] = [recorded('jobs.json'), recorded('pods.json')];

const found = (objects: readonly KubernetesObject[], part: string): KubernetesObject => {
  const one = objects.find(({ metadata }) => metadata.name.includes(part));
  if (one === undefined) throw new Error(`nothing recorded is called ${part}`);
  return one;
};

const [killed, refused, completed] = ['c4j8s', 'b8q4m', 'x7k2p'].map((part) => found(jobs, part)) as [
  KubernetesObject,
  KubernetesObject,
  KubernetesObject,
];

/** The recorded cluster, as it stood at the end. */
const serveRecorded = async (): Promise<ApiServer> => {
  const server = await serve();
  for (const job of jobs) server.objects.put('jobs', job);
  for (const pod of pods) server.objects.put('pods', pod);
  return server;
};

interface Settings {
  readonly readsJobs?: boolean;
  readonly readsPods?: boolean;
}

const confirmIn = (server: ApiServer, { readsJobs = false, readsPods = false }: Settings) =>
  confirmWith(open(server).jobs, { readsJobs, readsPods });

const SCAN = {
  kind: 'ImageScan',
  namespace: 'team-checkout',
  name: 'checkout-image',
  uid: 'd8960d87-3d4f-4e73-bc82-ab27de11343c',
};
const AT = '2026-11-23T05:52:23Z' as Instant;
const FORGED = '2099-01-01T00:00:00Z' as Instant;

const aboutJob = ({ metadata }: KubernetesObject): { readonly uid: string; readonly job: string } => ({
  uid: metadata.uid,
  job: metadata.name,
});
const finishedOf = (job: KubernetesObject, finish: Finish, scan = SCAN): Fact => ({
  scan,
  type: 'finished',
  run: { ...aboutJob(job), age: finish.at, finish },
});
const startedOf = (job: KubernetesObject, at: Instant): Fact => ({
  scan: SCAN,
  type: 'started',
  run: { ...aboutJob(job), age: at, startedAt: at },
});

const LIMIT = 'Job has reached the specified backoff limit';
const told = (at: Instant): Finish => failedFinish(at, { reason: 'BackoffLimitExceeded', message: LIMIT });

/** A Job with another part, put over the recorded one. */
const putJob = ({ objects }: ApiServer, job: KubernetesObject, metadata: object, more: object = {}): void =>
  void objects.put('jobs', { ...job, ...more, metadata: { ...job.metadata, ...metadata } });

describe('an event that is only a hint', () => {
  it('tells what the Job says, however it was forged', async () => {
    const server = await serveRecorded();
    const confirm = confirmIn(server, { readsJobs: true });
    const forged = await confirm(finishedOf(killed, completeFinish(FORGED)), scope);
    expect(forged).toEqual({
      scan: SCAN,
      type: 'finished',
      run: { ...aboutJob(killed), age: '2026-11-23T05:52:20Z', generation: 1, finish: told(AT) },
    });
    expect(await confirm(startedOf(killed, FORGED), scope)).toEqual({
      scan: SCAN,
      type: 'started',
      run: {
        ...aboutJob(killed),
        age: '2026-11-23T05:52:20Z',
        createdAt: '2026-11-23T05:52:20Z',
        startedAt: '2026-11-23T05:52:20Z',
        generation: 1,
      },
    });
    expect(server.asked.map(({ method, path }) => `${method} ${path}`)).toEqual(
      Array(2).fill(`GET /apis/batch/v1/namespaces/team-checkout/jobs/${killed.metadata.name}`),
    );
  });

  it.each<{ what: string; fact: Fact; change?: (server: ApiServer) => void; why: string }>([
    {
      what: 'the Job is gone',
      fact: finishedOf(killed, told(AT)),
      change: ({ objects }) => objects.remove('jobs', 'team-checkout', killed.metadata.name),
      why: 'the Job is gone, and its events are not believed',
    },
    {
      what: 'the Job is another of that name',
      fact: finishedOf(killed, told(AT)),
      change: (server) => putJob(server, killed, { uid: 'recreated' }),
      why: 'the Job was recreated, and its events are not believed',
    },
    {
      what: 'the Job is of another life of the scan',
      fact: finishedOf(killed, told(AT), { ...SCAN, uid: 'another life' }),
      why: 'the Job is of another scan than the event says',
    },
    {
      what: 'the Job is of another scan',
      fact: finishedOf(killed, told(AT), { ...SCAN, name: 'other' }),
      why: 'the Job is of another scan than the event says',
    },
    {
      what: 'the Job has not finished',
      fact: finishedOf(killed, completeFinish(FORGED)),
      change: (server) => putJob(server, killed, {}, { status: { startTime: AT } }),
      why: 'the Job has not finished',
    },
    {
      what: 'the Job is of no scan',
      fact: finishedOf(killed, told(AT)),
      change: (server) => putJob(server, killed, { ownerReferences: [] }),
      why: 'no scan owns the Job',
    },
    {
      what: 'the event names no Job',
      fact: { scan: SCAN, type: 'finished', run: { uid: killed.metadata.uid, age: AT, finish: told(AT) } },
      why: 'the event names no Job to be asked',
    },
  ])('is ignored where $what', async ({ fact, change, why }) => {
    const server = await serveRecorded();
    change?.(server);
    const confirmed = await confirmIn(server, { readsJobs: true, readsPods: true })(fact, scope);
    expect(confirmed).toEqual({ ignored: expect.stringContaining(why) });
  });

  it('waits where the cluster cannot be asked', async () => {
    const server = await serveRecorded();
    server.trouble(() => ({ answer: 403 }));
    const confirm = confirmIn(server, { readsJobs: true });
    await expect(confirm(finishedOf(killed, told(AT)), scope)).rejects.toThrow(Unavailable);
  });

  it('that is a verdict is nothing that a Job could tell', async () => {
    const server = await serveRecorded();
    const verdict = failedVerdict(SCAN, 'a', 1, ['CVE-1']);
    expect(await confirmIn(server, { readsJobs: true, readsPods: true })(verdict, scope)).toBe(verdict);
    expect(server.asked).toEqual([]);
  });
});

const errorOf = (confirmed: unknown): unknown =>
  isJsonObject(confirmed) && isJsonObject(confirmed.run) && isJsonObject(confirmed.run.finish)
    ? confirmed.run.finish.error
    : undefined;

describe('the pods of a failed Job', () => {
  it.each([
    { job: killed, detail: 'container scanner exited with code 137 (OOMKilled)' },
    { job: refused, detail: 'container scanner exited with code 128: fatal: could not read from remote repository' },
  ])('tell why: $detail', async ({ job, detail }) => {
    const server = await serveRecorded();
    const fact = finishedOf(job, told(AT));
    const confirmed = await confirmIn(server, { readsPods: true })(fact, scope);
    const error = `BackoffLimitExceeded: ${LIMIT}; ${detail}`;
    expect(confirmed).toEqual({ ...fact, run: { ...fact.run, finish: { ...told(AT), error } } });
    expect(server.asked).toMatchObject([
      {
        path: '/api/v1/namespaces/team-checkout/pods',
        query: { labelSelector: `batch.kubernetes.io/controller-uid=${job.metadata.uid}`, limit: '500' },
      },
    ]);
  });

  it.each<{ what: string; fact: Fact }>([
    { what: 'that completed', fact: finishedOf(completed, completeFinish(AT)) },
    { what: 'that was deleted', fact: finishedOf(killed, deletedFinish(AT)) },
    { what: 'that started', fact: startedOf(killed, AT) },
    {
      what: 'whose uid could be no label',
      fact: finishedOf({ ...killed, metadata: { ...killed.metadata, uid: 'a,b=c' } }, told(AT)),
    },
  ])('are not asked about one $what', async ({ fact }) => {
    const server = await serveRecorded();
    expect(await confirmIn(server, { readsPods: true })(fact, scope)).toEqual(fact);
    expect(server.asked).toEqual([]);
  });

  it('are asked about what the Job itself says, where both are read', async () => {
    const server = await serveRecorded();
    const confirm = confirmIn(server, { readsJobs: true, readsPods: true });
    expect(errorOf(await confirm(finishedOf(killed, completeFinish(FORGED)), scope))).toContain('OOMKilled');
    expect(server.asked).toHaveLength(2);
  });

  it('count only where the Job is their controller, whatever their label says', async () => {
    const server = await serveRecorded();
    const pod = found(pods, 'c4j8s');
    const status = {
      containerStatuses: [
        { name: 'a', state: { terminated: { exitCode: 66, message: 'forged', finishedAt: '2099-01-01T00:00:00Z' } } },
      ],
    };
    const owner = { kind: 'Job', name: killed.metadata.name, uid: killed.metadata.uid };
    const owners = [
      [],
      undefined,
      [{ ...owner, controller: false }],
      [owner],
      [{ ...owner, uid: 'another', controller: true }],
      [{ ...owner, uid: 'another', controller: true }, owner],
    ];
    for (const [at, ownerReferences] of owners.entries()) {
      const metadata = { ...pod.metadata, name: `forged-${at}`, uid: `forged-${at}`, ownerReferences };
      server.objects.put('pods', { ...pod, metadata, status });
    }
    const confirmed = await confirmIn(server, { readsPods: true })(finishedOf(killed, told(AT)), scope);
    expect(server.objects.list('pods', { limit: 0, from: '' }).items.length).toBe(pods.length + owners.length);
    expect(errorOf(confirmed)).toBe(
      `BackoffLimitExceeded: ${LIMIT}; container scanner exited with code 137 (OOMKilled)`,
    );
  });

  const ended = (name: string, exitCode: number, finishedAt: string | null, more: JsonObject = {}): JsonObject => ({
    name,
    state: { terminated: { exitCode, finishedAt, reason: 'Error', ...more } },
  });
  const T1 = '2026-11-23T05:52:01Z';
  const T2 = '2026-11-23T05:52:02Z';

  it.each<{ what: string; status: unknown; detail: string }>([
    {
      what: 'the latest end',
      status: { containerStatuses: [ended('a', 1, T1), ended('b', 2, T2), ended('c', 3, T1)] },
      detail: '; container b exited with code 2',
    },
    {
      what: 'of ends at one second the lesser name',
      status: { containerStatuses: [ended('b', 2, T1), ended('a', 1, T1)] },
      detail: '; container a exited with code 1',
    },
    {
      what: 'a failure, however late a success is',
      status: { containerStatuses: [ended('a', 1, T1), ended('b', 0, T2)] },
      detail: '; container a exited with code 1',
    },
    {
      what: 'an init container',
      status: { initContainerStatuses: [ended('init', 7, T1, { message: 'no disk' })], containerStatuses: null },
      detail: '; container init exited with code 7: no disk',
    },
    {
      what: 'the end before a restart',
      status: { containerStatuses: [{ name: 'a', state: { running: {} }, lastState: ended('a', 9, T1).state }] },
      detail: '; container a exited with code 9',
    },
    {
      what: 'an end of which no instant is known',
      status: { containerStatuses: [ended('a', 9, null, { startedAt: null, signal: null })] },
      detail: '; container a exited with code 9',
    },
    { what: 'nothing where all went well', status: { containerStatuses: [ended('a', 0, T1)] }, detail: '' },
    { what: 'nothing where none has ended', status: { containerStatuses: [{ name: 'a', state: {} }] }, detail: '' },
    { what: 'nothing where nothing is known', status: {}, detail: '' },
    { what: 'nothing where there is no status', status: undefined, detail: '' },
  ])('tell $what', async ({ status, detail }) => {
    const server = await serve();
    server.objects.put('pods', { ...found(pods, 'c4j8s'), status });
    const confirmed = await confirmIn(server, { readsPods: true })(finishedOf(killed, told(AT)), scope);
    expect(errorOf(confirmed)).toBe(`BackoffLimitExceeded: ${LIMIT}${detail}`);
  });

  it('tell no more than an error has room for, and no control characters', async () => {
    const server = await serve();
    const status = { containerStatuses: [ended('a', 1, T1, { message: `\u0000${'é\n'.repeat(4_000)}` })] };
    server.objects.put('pods', { ...found(pods, 'c4j8s'), status });
    const error = String(errorOf(await confirmIn(server, { readsPods: true })(finishedOf(killed, told(AT)), scope)));
    expect(textBytes(error)).toBeLessThanOrEqual(4_096);
    expect(textBytes(error)).toBeGreaterThan(4_000);
    expect(error).not.toContain('\u0000');
  });

  it('may be gone, and then nothing is known of them', async () => {
    const server = await serve();
    const fact = finishedOf(killed, told(AT));
    expect(await confirmIn(server, { readsPods: true })(fact, scope)).toEqual(fact);
  });

  it('make the event wait where they cannot be read', async () => {
    const server = await serveRecorded();
    server.trouble(() => ({ answer: 403 }));
    await expect(confirmIn(server, { readsPods: true })(finishedOf(killed, told(AT)), scope)).rejects.toThrow(
      Unavailable,
    );
  });

  it('are not forgotten by a replay that finds none, whichever came first', async () => {
    const server = await serveRecorded();
    const plain = finishedOf(killed, told(AT));
    const detailed = await confirmIn(server, { readsPods: true })(plain, scope);
    if (!('run' in detailed)) throw new Error('it was ignored');
    expect(joinRun(plain.run, detailed.run).finish).toEqual(detailed.run.finish);
    expect(joinRun(detailed.run, plain.run)).toBe(detailed.run);
  });
});

const replayRecorded = async (store: ScanStore, server: ApiServer | undefined, settings: Settings) => {
  const confirm = server && confirmIn(server, settings);
  const received: Received[] = [];
  for (const request of webhookRequests) {
    const reply = await receive(messageOf(request), allFunctions, { store, scope, ...(confirm && { confirm }) });
    received.push(...reply.received);
  }
  return received;
};

const DETAIL: Readonly<Record<string, string>> = {
  'team-checkout/ImageScan/checkout-image': '; container scanner exited with code 137 (OOMKilled)',
  'team-checkout/SourceScan/checkout-source':
    '; container scanner exited with code 128: fatal: could not read from remote repository',
};

/** The truth, with what the pods tell of it. */
const withDetail = (truth: typeof TRUTH): Record<string, JsonObject> =>
  Object.fromEntries(
    Object.entries(truth).map(([key, { conditions, ...rest }]) => {
      const detail = DETAIL[key] ?? '';
      const told = conditions.map((one) =>
        one.type === 'Succeeded' ? { ...one, error: `${one.error}${detail}` } : one,
      );
      return [key, { ...rest, conditions: told }];
    }),
  );

describe('the recorded events', () => {
  it('tell the truth through their Jobs, with the detail of their pods', async () => {
    const server = await serveRecorded();
    const store = memoryStore({ maximum: 100 });
    const received = await replayRecorded(store, server, { readsJobs: true, readsPods: true });
    expect(new Set(received.map(({ outcome }) => outcome))).toEqual(new Set(['applied', 'duplicate', 'ignored']));
    const expected = { ...withDetail(TRUTH) };
    // Its Job was deleted at once, so that nobody can vouch for its events.
    delete expected['team-search/ImageScan/indexer-image'];
    const said = await statuses(store);
    expect(Object.keys(said).toSorted()).toEqual(Object.keys(expected).toSorted());
    expect(said).toMatchObject(expected);
    // Replayed without the cluster, nothing is taken away but what nobody vouched for is added.
    await replayRecorded(store, undefined, {});
    expect(await statuses(store)).toMatchObject({ ...TRUTH, ...expected });
  });

  it('all wait while the cluster cannot be asked, and nothing is written', async () => {
    const server = await serveRecorded();
    server.trouble(() => ({ answer: 503, headers: { 'retry-after': '9' } }));
    const store = memoryStore({ maximum: 100 });
    const received = await replayRecorded(store, server, { readsJobs: true });
    const waiting = received.filter(({ outcome }) => outcome !== 'ignored');
    expect(waiting).not.toEqual([]);
    for (const { outcome, why } of waiting) {
      expect(outcome).toBe('unavailable');
      expect(why).toMatchObject({ name: 'Unavailable', retryAfter: 9 });
    }
    expect(await statuses(store)).toEqual({});
  });

  it('of a deleted Job that nobody can vouch for are ignored', async () => {
    const server = await serve();
    const job = { ...killed, status: { startTime: AT } };
    const event = {
      specversion: '1.0',
      id: 'random',
      source: '/k8s',
      type: APISERVER_DELETED,
      data: { ...job, kind: 'Job', apiVersion: 'batch/v1' },
    };
    const confirm = confirmIn(server, { readsJobs: true });
    const services = { store: memoryStore({ maximum: 10 }), scope, confirm };
    const message = {
      headers: [['content-type', 'application/cloudevents+json']] as [string, string][],
      body: JSON.stringify(event),
    };
    const { received } = await receive(message, allFunctions, services);
    expect(received).toMatchObject([{ outcome: 'ignored', why: 'the Job is gone, and its events are not believed' }]);
  });
});
