/** Another controller writes into the same status all the time: nothing of its work is lost, nor of ours. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import type { ScanRef } from '../../shared/conditions/facts.ts';
import { project } from '../../shared/conditions/project.ts';
import { addRun, type Runs } from '../../shared/conditions/runs.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { shuffledIndexes } from '../../shared/replay/shuffle.ts';
import { scanSpec } from '../../shared/scans/spec.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { each } from '../support/each.ts';
import { writeKubeconfig } from '../support/kubeconfigs.ts';
import { serverProcesses } from '../support/server-process.ts';
import { cluster } from './support/access.ts';
import { type Api, apiOf } from './support/api.ts';
import { createScan, foreignPath } from './support/foreign-crds.ts';
import { resultsSender } from './support/functions.ts';
import { accountsOf, historyOf, type Told } from './support/history.ts';
import { startProxy, type WatchedServer } from './support/proxy.ts';
import { eventually, GROUP, newNamespace, SPECS } from './support/scans.ts';
import { newSender, ownRoute } from './support/sender.ts';
import { watches } from './support/watch.ts';

/** The machine may be busy. */
jest.setTimeout(120_000);

const PROCESSES = 3;
const SCANS = 8;
const TIMES = 2;
/** Milliseconds from one write of the neighbour to the next: 50 a second, of all scans in turn. */
const PACE = 20;
/** Milliseconds from one event to the next that a sender sends: it takes a few seconds until all facts are told. */
const EVENT_PACE = 50;
const IN_FLIGHT = 3;

const seed = 7;
const admin = apiOf(cluster());
const spawn = serverProcesses();
const watch = watches();
const folder = temporaryFolder();
const { deliver, again, stop } = newSender(IN_FLIGHT, ownRoute);
let proxy: WatchedServer;
beforeAll(async () => {
  proxy = await startProxy(cluster());
});
afterAll(async () => {
  stop();
  await proxy.close();
});

type Status = { readonly conditions: readonly JsonObject[]; readonly results?: { readonly sent: number } };
type Read = { readonly metadata: { readonly name: string; readonly resourceVersion: string }; readonly status: Status };

const theirCondition = ({ conditions }: Status): JsonObject | undefined =>
  conditions.find(({ type }) => type === 'SendingResults');

/** How often the neighbour has written this status, as its condition and as its field say; they never differ. */
const sentOf = (status: Status): readonly unknown[] => [theirCondition(status)?.sent ?? 0, status.results?.sent ?? 0];

/** A controller that minds others: what it read must still stand when it writes, or it reads again. */
const neighbour = (api: Api, path: string) => {
  let [written, conflicts] = [0, 0];
  const update = (read: Read, conditions: readonly JsonObject[], sent: number) =>
    api.send('PUT', `${path}/${read.metadata.name}/status`, {
      body: { ...read, status: { ...read.status, conditions, results: { sent } } },
    });
  const jsonPatch = ({ metadata }: Read, conditions: readonly JsonObject[], sent: number) =>
    api.send('PATCH', `${path}/${metadata.name}/status`, {
      headers: { 'content-type': 'application/json-patch+json' },
      body: [
        { op: 'test', path: '/metadata/resourceVersion', value: metadata.resourceVersion },
        { op: 'add', path: '/status/conditions', value: conditions },
        { op: 'add', path: '/status/results', value: { sent } },
      ],
    });
  /** Counts one up in the scan's status. `before` is what it wrote there last, which must still stand. */
  const write = async (name: string, before: number): Promise<void> => {
    const sent = before + 1;
    for (;;) {
      const read = (await api.get(`${path}/${name}`)).body as unknown as Read;
      expect(sentOf(read.status)).toEqual([before, before]);
      const others = read.status.conditions.filter(({ type }) => type !== 'SendingResults');
      const conditions = [...others, { type: 'SendingResults', status: 'True', sent }];
      const { code, message } = await (sent % 2 === 0 ? update : jsonPatch)(read, conditions, sent);
      if (code === 200) break;
      // A test that fails is answered as invalid.
      if (code !== 409 && code !== 422) throw new Error(`${code} ${message}`);
      conflicts += 1;
    }
    written += 1;
  };
  return { write, written: () => written, conflicts: () => conflicts };
};

/** Every version of every scan that there was, by name and in order, as it says how often the neighbour wrote. */
const versionsOf = (seen: readonly JsonObject[]): ReadonlyMap<string, readonly (readonly unknown[])[]> => {
  const read = seen as readonly unknown[] as readonly Read[];
  const byName = Map.groupBy(read, ({ metadata }) => metadata.name);
  return new Map([...byName].map(([name, all]) => [name, all.map(({ status }) => sentOf(status))]));
};

const createScans = (namespace: string): Promise<readonly ScanRef[]> => {
  const names = Array.from({ length: SCANS }, (_, at) => ({ kind: 'ImageScan', namespace, name: `image-${at}` }));
  return Promise.all(names.map((named) => createScan(admin, GROUP, named, SPECS.ImageScan)));
};

/** Does something, and takes at least so many milliseconds for it. */
const paced = async (milliseconds: number, work: () => Promise<void>): Promise<void> => {
  await Promise.all([work(), delay(milliseconds)]);
};

const right = (told: readonly Told[], { uid }: ScanRef): JsonObject =>
  project({}, (accountsOf(told).get(uid) ?? []).reduce<Runs>(addRun, []), scanSpec(SPECS.ImageScan));

it('loses and undoes nothing of what another controller writes 50 times a second, nor of the facts', async () => {
  const namespace = await newNamespace(admin, 'neighbours');
  const path = foreignPath(GROUP, 'ImageScan', namespace);
  const seen: JsonObject[] = [];
  await watch(cluster(), path, async ({ object }) => void seen.push(object));
  const scans = await createScans(namespace);
  const { url, ca, token } = proxy.access;
  const kubeconfig = writeKubeconfig(join(folder, 'config'), { server: url, ca, user: { token } });
  const environment = { SCAN_STORE: 'kubernetes', KUBECONFIG: kubeconfig };
  const processes = await Promise.all(Array.from({ length: PROCESSES }, () => spawn(environment)));
  const { write, written, conflicts } = neighbour(await resultsSender(admin, namespace), path);

  const told = historyOf(scans, seed);
  const count = told.length * TIMES;
  const to = fc.sample(fc.nat(PROCESSES - 1), { numRuns: count, seed });
  const sent = new Map<string, number>();
  let isOver = false;
  const writeResults = ({ name }: ScanRef): Promise<void> =>
    paced(PACE * SCANS, async () => {
      const before = sent.get(name) ?? 0;
      await write(name, before);
      sent.set(name, before + 1);
    });
  const writeAll = async (scan: ScanRef): Promise<void> => {
    while (!isOver) await writeResults(scan);
  };
  const tellAll = async (): Promise<void> => {
    const order = [...shuffledIndexes(count, String(seed))].entries();
    const tell = ([at, index]: readonly [number, number]) =>
      paced(EVENT_PACE, () => deliver(processes[to[at] ?? 0]?.url ?? '', (told[index % told.length] as Told).event));
    await each(order, IN_FLIGHT, tell).finally(() => {
      isOver = true;
    });
  };
  const begun = performance.now();
  await Promise.all([...scans.map(writeAll), tellAll()]);
  // What comes last is theirs, so that it shows whether our last write undid one of them.
  for (const scan of scans) await writeResults(scan);
  const seconds = (performance.now() - begun) / 1_000;
  const ours = proxy.passed.filter(({ status }) => status === 409).length;
  process.stderr.write(
    `neighbours: ${written()} writes of another controller (${conflicts()} conflicts) beside ${count} events ` +
      `(${ours} conflicts, ${again()} sent again) in ${seconds.toFixed(1)} s\n`,
  );

  const last = (name: string): unknown => versionsOf(seen).get(name)?.at(-1)?.[0];
  for (const scan of scans) {
    const results = { sent: sent.get(scan.name) ?? 0 };
    const { status } = (await admin.get(`${path}/${scan.name}`)).body;
    const { conditions, ...fields } = right(told, scan);
    const theirs = { type: 'SendingResults', status: 'True', ...results };
    expect(canonicalJson(status)).toBe(
      canonicalJson({ ...fields, conditions: [...(conditions as readonly JsonObject[]), theirs], results }),
    );
    await eventually(async () => last(scan.name) === results.sent);
    const versions = versionsOf(seen).get(scan.name) ?? [];
    const steps = versions.map(([condition]) => Number(condition));
    expect(versions).toEqual(steps.map((step) => [step, step]));
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect([...new Set(steps)]).toEqual([...new Array(results.sent + 1).keys()]);
  }
  expect(ours).toBeGreaterThan(0);
});
