/** The Kubernetes store against a real API server: the contract of every store, and what only a live server can show. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it, jest } from '@jest/globals';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import { completeFinish, type Fact, type Run, type ScanRef } from '../../shared/conditions/facts.ts';
import { conditionsOf, project } from '../../shared/conditions/project.ts';
import { addRun, joinRuns, type Runs } from '../../shared/conditions/runs.ts';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import { shuffledIndexes } from '../../shared/replay/shuffle.ts';
import { applyFacts } from '../../shared/scans/apply.ts';
import { scanSpec } from '../../shared/scans/spec.ts';
import type { ScanStore } from '../../shared/scans/store.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { second } from '../support/arbitraries.ts';
import { send } from '../support/http-client.ts';
import { evaluatedEvent, finishedEvent, startedEvent, structured } from '../support/http-messages.ts';
import { servers } from '../support/server-in-process.ts';
import { storeContract } from '../support/store-contract.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { createScan, foreignPath, installForeign, newGroup } from './support/foreign-crds.ts';
import { startProxy, type WatchedServer } from './support/proxy.ts';
import { realStores, underNames } from './support/real-stores.ts';
import { later, verdictOf } from './support/runs.ts';
import { eventually, GROUP, newNamespace, SPECS } from './support/scans.ts';
import { watches } from './support/watch.ts';

/** The machine may be busy. */
jest.setTimeout(60_000);

const admin = apiOf(cluster());
const open = realStores();
const watch = watches();

/** Does some work through a proxy that counts the requests. */
const counted = async (work: (proxy: WatchedServer) => Promise<void>): Promise<void> => {
  const proxy = await startProxy(cluster());
  try {
    await work(proxy);
  } finally {
    await proxy.close();
  }
};

const specOf = (kind: string): JsonObject => (kind === 'ImageScan' ? SPECS.ImageScan : SPECS.SourceScan);

describe('a real API server', () => {
  storeContract({
    open: async (scans) => {
      // Before all else, so that the namespaces sort as they do without it.
      const prefix = `store-${randomUUID().slice(0, 8)}-`;
      const namespaces = [...new Set(scans.map(({ namespace }) => namespace))];
      for (const name of namespaces) await admin.create('/api/v1/namespaces', { metadata: { name: prefix + name } });
      const real = new Map<ScanRef, ScanRef>();
      for (const scan of scans) {
        const named = { ...scan, namespace: prefix + scan.namespace };
        real.set(scan, await createScan(admin, GROUP, named, specOf(scan.kind)));
      }
      const scope = namespaces.length === 0 ? {} : { namespaces: namespaces.map((name) => prefix + name) };
      return underNames(open(cluster(), scope), real);
    },
  });
});

const started = (scan: ScanRef, uid: string, at: number): Fact => ({
  scan,
  type: 'started',
  run: { uid, job: `scan-${uid}`, age: second(at), startedAt: second(at), generation: 1 },
});
const finished = (scan: ScanRef, uid: string, at: number): Fact => ({
  scan,
  type: 'finished',
  run: { uid, job: `scan-${uid}`, age: second(at), finish: completeFinish(second(at)), generation: 1 },
});
const evaluated = (scan: ScanRef, uid: string, at: number): Fact => ({
  scan,
  type: 'evaluated',
  run: { uid, age: second(at), verdict: verdictOf('failed', second(at)) },
});

describe('a scan that is deleted and recreated while facts about it arrive', () => {
  const LIVES = 6;

  /** All that happens in a life; the runs are named for it. */
  const factsOf = (scan: ScanRef): readonly Fact[] =>
    [0, 10, 20].flatMap((at) => {
      const uid = `${scan.uid}-at-${at}`;
      return [started(scan, uid, at), finished(scan, uid, at + 5), evaluated(scan, uid, at + 6)];
    });
  const uidOf = ({ metadata }: JsonObject): string => String((metadata as JsonObject).uid);
  const runUids = ({ status }: JsonObject): readonly string[] =>
    isJsonObject(status) && Array.isArray(status.runs) ? status.runs.map(({ uid }) => String(uid)) : [];

  /** Tells each fact to each store, all at once. Where too many write, a sender is told to come again. */
  const tellAll = async (stores: readonly ScanStore[], facts: readonly Fact[]): Promise<void> => {
    const told = stores.flatMap((store) => facts.map((fact) => applyFacts(store, [fact])));
    for (const outcome of await Promise.allSettled(told))
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(Unavailable);
  };

  it('never shows what was told of another life', async () => {
    const namespace = await newNamespace(admin, 'lives');
    const named = { kind: 'ImageScan', namespace, name: 'image' };
    const path = foreignPath(GROUP, 'ImageScan', namespace);
    const seen: JsonObject[] = [];
    await watch(cluster(), path, async ({ type, object }) => {
      if (type !== 'DELETED') seen.push(object);
    });
    const showsRunsOf = (uid: string): boolean =>
      seen.some((object) => uidOf(object) === uid && runUids(object).length > 0);

    const stores = [open(cluster()), open(cluster()), open(cluster())];
    const told: Promise<void>[] = [];
    const lives: ScanRef[] = [];
    for (let life = 0; life < LIVES; life += 1) {
      if (life > 0) await admin.send('DELETE', `${path}/image`);
      const scan = await createScan(admin, GROUP, named, SPECS.ImageScan);
      lives.push(scan);
      // All lives are spoken of, all the time; this one ends once its own has begun to show.
      told.push(tellAll(stores, lives.flatMap(factsOf)));
      await eventually(async () => showsRunsOf(scan.uid));
    }
    await Promise.all(told);

    const last = factsOf(lives.at(-1) as ScanRef);
    for (const fact of last) await applyFacts(stores[0] as ScanStore, [fact]);
    for (const fact of lives.slice(0, -1).flatMap(factsOf))
      expect(await applyFacts(stores[1] as ScanStore, [fact])).toMatchObject([{ outcome: 'superseded' }]);
    const { status } = (await admin.get(`${path}/image`)).body;
    const known = last.map(({ run }) => run).reduce<Runs>(addRun, []);
    expect(canonicalJson(status)).toBe(canonicalJson(project({}, known, scanSpec(SPECS.ImageScan))));

    await eventually(async () => seen.some((object) => canonicalJson(object.status) === canonicalJson(status)));
    const foreign = seen.flatMap((object) => runUids(object).filter((uid) => !uid.startsWith(uidOf(object))));
    expect(foreign).toEqual([]);
  });
});

describe('the requests that an event costs', () => {
  const serve = servers();
  const SCANS = 20;
  const RUNS = 5;

  const post = async (url: string, event: JsonObject): Promise<void> => {
    const { status, body } = await send(url, structured(event));
    if (status !== 200 && status !== 204) throw new Error(`${status} ${body}`);
  };
  const methods = ({ passed }: WatchedServer, from = 0): readonly string[] =>
    passed.slice(from).map(({ method, status }) => `${method} ${status}`);

  it('are two where the scan is not known yet, one where it is, and none where nothing is new', () =>
    counted(async (proxy) => {
      const namespace = await newNamespace(admin, 'requests');
      const { url } = await serve({ store: open(proxy.access) });
      const scans = Array.from({ length: SCANS }, (_, at) => ({ kind: 'ImageScan', namespace, name: `image-${at}` }));
      const live = await Promise.all(scans.map((scan) => createScan(admin, GROUP, scan, SPECS.ImageScan)));
      /** Effective each, in this order. */
      const events = live.flatMap((scan) =>
        Array.from({ length: RUNS }, (_, run) => ({ ...scan, run: `${scan.uid}-${run}` })).flatMap((told, at) => [
          startedEvent({ ...told, at: `2025-06-01T1${at}:00:00Z` }),
          finishedEvent({ ...told, at: `2025-06-01T1${at}:05:00Z` }),
          evaluatedEvent({ ...told, at: `2025-06-01T1${at}:06:00Z` }),
        ]),
      );
      const firsts = events.filter((_, at) => at % (events.length / SCANS) === 0);
      const others = events.filter((event) => !firsts.includes(event));
      for (const event of firsts) await post(url, event);
      expect(methods(proxy)).toEqual(firsts.flatMap(() => ['GET 200', 'PATCH 200']));

      const cold = proxy.passed.length;
      await Promise.all(
        live.map(async ({ name }) => {
          for (const event of others.filter(({ data }) => nameOf(data) === name)) await post(url, event);
        }),
      );
      const warm = proxy.passed.length - cold;
      expect(warm / others.length).toBeLessThanOrEqual(1.05);
      expect(warm).toBeGreaterThanOrEqual(others.length);

      await Promise.all(events.map((event) => post(url, event)));
      expect(methods(proxy, cold + warm)).toEqual([]);
    }));

  const nameOf = (data: unknown): unknown => (data as { readonly scan: ScanRef }).scan.name;
});

const text = { type: 'string' };

/** Conditions as the first versions of these scans had them: without `error`. */
const conditions: JsonObject = {
  type: 'array',
  items: {
    type: 'object',
    properties: {
      ...{ type: text, status: text, reason: text, message: text, lastTransitionTime: text },
      observedGeneration: { type: 'integer' },
    },
  },
};
const runs: JsonObject = { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };

describe('a CRD that is not ours', () => {
  const ORDERS = 12;

  /** Three runs, one after the other; no two facts of one instant. */
  const factsOf = (scan: ScanRef): readonly Fact[] => [
    started(scan, 'a', 0),
    finished(scan, 'a', 10),
    evaluated(scan, 'a', 11),
    started(scan, 'b', 20),
    finished(scan, 'b', 30),
    started(scan, 'c', 40),
    finished(scan, 'c', 50),
    evaluated(scan, 'c', 51),
  ];
  /** The newest run's conditions, as such a CRD keeps them. */
  const right = (facts: readonly Fact[]): readonly JsonObject[] => {
    const accounts = facts.map(({ run }) => run);
    const [newest] = joinRuns([], accounts);
    return conditionsOf(newest as Run).map(({ error, ...kept }) => kept);
  };
  const conditionsAt = async (group: string, { kind, namespace, name }: ScanRef): Promise<unknown> => {
    const { status } = (await admin.get(`${foreignPath(group, kind, namespace)}/${name}`)).body;
    return (status as JsonObject | undefined)?.conditions;
  };

  /** Applies each fact once, in turns through two stores. */
  const applyInTurns = async (stores: readonly ScanStore[], facts: readonly Fact[]): Promise<void> => {
    for (const [at, fact] of facts.entries()) await applyFacts(stores[at % stores.length] as ScanStore, [fact]);
  };

  it.each([
    ['no runs', { conditions }],
    ['runs', { conditions, runs }],
  ])(
    'with %s shows the newest in whatever order facts of different instants arrive, and a duplicate costs nothing',
    (_, properties) =>
      counted(async (proxy) => {
        const group = newGroup();
        await installForeign(admin, group, { type: 'object', properties });
        const namespace = await newNamespace(admin, 'foreign');
        const stores = [open(proxy.access, { group }), open(proxy.access, { group })];
        const names = Array.from({ length: ORDERS }, (_, at) => ({
          kind: 'ImageScan',
          namespace,
          name: `image-${at}`,
        }));
        const scans = await Promise.all(names.map((named) => createScan(admin, group, named)));
        for (const [order, scan] of scans.entries()) {
          const facts = factsOf(scan);
          const indexes = [...shuffledIndexes(facts.length, `order ${order}`)];
          await applyInTurns(
            stores,
            indexes.map((at) => facts[at] as Fact),
          );
          expect(await conditionsAt(group, scan)).toEqual(right(facts));
        }
        // What the other store wrote last, one has not seen yet.
        const all = scans.flatMap(factsOf);
        await applyInTurns(stores.slice(0, 1), all);
        const learned = proxy.passed.length;
        await applyInTurns(stores.slice(0, 1), all);
        expect(proxy.passed.slice(learned)).toEqual([]);
        for (const scan of scans) expect(await conditionsAt(group, scan)).toEqual(right(factsOf(scan)));
      }),
  );
});

describe('a status that somebody corrupted by hand', () => {
  const run = { uid: 'b', age: second(0), startedAt: second(0) };
  const THEIRS = { type: 'SendingResults', status: 'True' };

  const statuses: readonly (readonly [what: string, corrupt: unknown, kept?: readonly JsonObject[]])[] = [
    ['conditions are a text', { conditions: 'all is well' }],
    ['conditions are an object', { conditions: { Scanning: 'True' } }],
    ['conditions hold what is none', { conditions: ['Scanning', 5, null, THEIRS, { type: 7 }] }, [THEIRS, { type: 7 }]],
    [
      'our conditions have members of wrong types',
      { conditions: [{ type: 'Scanning', status: 1, lastTransitionTime: 5 }, THEIRS] },
      [THEIRS],
    ],
    ['runs are a number', { runs: 5 }],
    ['runs are an object', { runs: { uid: 'a' } }],
    ['runs hold what is none', { runs: [5, null, 'a', { uid: 7 }, { uid: 'c', age: 'yesterday' }, [[]]] }],
    [
      'runs hold finishes of wrong types',
      {
        runs: [
          { ...run, finish: true },
          { ...later('d', 1, run), verdict: [] },
        ],
      },
    ],
    ['other fields of ours are of wrong types', { phase: 5, cveCount: 'none', scannedBy: [], artifact: 'x' }],
    ['the status is a text', 'broken'],
    ['the status is a list', [1, 2]],
  ];

  it('is repaired with the next fact, and what belongs to others is kept', async () => {
    const group = newGroup();
    await installForeign(admin, group, { 'x-kubernetes-preserve-unknown-fields': true });
    const namespace = await newNamespace(admin, 'corrupt');
    const store = open(cluster(), { group });
    for (const [at, [what, corrupt, kept = []]] of statuses.entries()) {
      const scan = await createScan(admin, group, { kind: 'ImageScan', namespace, name: `image-${at}` });
      const path = `${foreignPath(group, 'ImageScan', namespace)}/image-${at}`;
      const whole = isJsonObject(corrupt) ? { ...corrupt, theirs: { deep: [1] } } : corrupt;
      const { code, message } = await admin.writeStatus(path, whole as JsonObject);
      expect({ what, code, message }).toEqual({ what, code: 200, message: '' });

      const [applied] = await applyFacts(store, [finished(scan, 'a', 1)]);
      expect({ what, outcome: applied?.outcome }).toEqual({ what, outcome: 'applied' });
      const { conditions: ours, ...fields } = project({}, [finished(scan, 'a', 1).run], scanSpec({}));
      expect({ what, ...((await admin.get(path)).body.status as JsonObject) }).toEqual({
        what,
        ...fields,
        conditions: [...(ours as readonly JsonObject[]), ...kept],
        ...(isJsonObject(corrupt) && { theirs: { deep: [1] } }),
      });
    }
  });
});
