/** The law on a real cluster: many processes, an API server that crashes, answers that get lost, and one right status. */
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import type { ScanRef } from '../../shared/conditions/facts.ts';
import { project } from '../../shared/conditions/project.ts';
import { addRun, type Runs } from '../../shared/conditions/runs.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { shuffledIndexes } from '../../shared/replay/shuffle.ts';
import { scanSpec } from '../../shared/scans/spec.ts';
import { each } from '../support/each.ts';
import { writeKubeconfig } from '../support/kubeconfigs.ts';
import { serverProcesses } from '../support/server-process.ts';
import { type Api, apiOf } from './support/api.ts';
import { type Cluster, startCluster } from './support/cluster.ts';
import { accountsOf, historyOf, type Told } from './support/history.ts';
import { installCrds } from './support/install.ts';
import { startProxy, type WatchedServer } from './support/proxy.ts';
import { type Kind, newNamespace, newScan, SPECS, scansPath } from './support/scans.ts';
import { newSender, ownRoute } from './support/sender.ts';
import { clusterTools } from './support/tools.ts';

const PROCESSES = 8;
const NAMESPACES = 4;
const SCANS = 200;
const TIMES = 3;
const IN_FLIGHT = 64;
/** The API server is killed once this part of the events has been delivered. */
const CRASHES = [0.3, 0.6];
const LOST = 10;

const seed = Number(process.env['SCAN_STATUS_TEST_SEED'] ?? randomInt(2 ** 31));

const spawn = serverProcesses();
let cluster: Cluster;
let proxy: WatchedServer;
/** Resolves once the API server is back from its last crash. */
let restarted = Promise.resolve();
/** One in `LOST` answers to a write gets lost. */
const lots = fc.sample(fc.nat(LOST - 1), { numRuns: 50_000, seed }).values();

const { deliver, again, stop } = newSender(IN_FLIGHT, ownRoute);

beforeAll(async () => {
  cluster = await startCluster(await clusterTools(), { controllers: false });
  await installCrds(cluster);
  proxy = await startProxy(cluster, { loses: ({ method }) => method === 'PATCH' && lots.next().value === 0 });
}, 120_000);
afterAll(async () => {
  stop();
  await restarted;
  // Where the preparation failed, not all is there.
  await proxy?.close();
  await cluster?.stop();
});

const WITHOUT_POLICY: JsonObject = { registry: SPECS.ImageScan.registry, scanTemplate: 'template' };
const KINDS: readonly (readonly [kind: Kind, spec: JsonObject])[] = [
  ['ImageScan', SPECS.ImageScan],
  ['ImageScan', WITHOUT_POLICY],
  ['SourceScan', SPECS.SourceScan],
  ['SourceScan', { ...SPECS.SourceScan, scanPolicy: 'policy' }],
];

interface LiveScan extends ScanRef {
  readonly spec: JsonObject;
  readonly status: JsonObject;
}

type Listed = { readonly metadata: Omit<ScanRef, 'kind'>; readonly spec: JsonObject; readonly status: JsonObject };

const listScans = async (admin: Api, namespaces: readonly string[]): Promise<readonly LiveScan[]> => {
  const all = namespaces.flatMap((namespace) =>
    (['ImageScan', 'SourceScan'] as const).map(async (kind) => {
      const { items } = (await admin.get(scansPath(kind, namespace))).body as { readonly items: readonly Listed[] };
      return items.map(({ metadata: { name, uid }, spec, status }) => ({ kind, namespace, name, uid, spec, status }));
    }),
  );
  return (await Promise.all(all)).flat();
};

const createScans = async (admin: Api): Promise<readonly string[]> => {
  const namespaces = await Promise.all(Array.from({ length: NAMESPACES }, () => newNamespace(admin, 'convergence')));
  const created = Array.from({ length: SCANS }, (_, at) => {
    const [kind, spec] = KINDS[at % KINDS.length] as (typeof KINDS)[number];
    return newScan(admin, namespaces[Math.floor(at / KINDS.length) % NAMESPACES] as string, kind, spec);
  });
  await Promise.all(created);
  return namespaces;
};

/** Every event as often as it is sent, and the process that it is sent to, in an order that the seed decides. */
const deliveriesOf = (told: readonly Told[]): readonly { readonly event: JsonObject; readonly to: number }[] => {
  const count = told.length * TIMES;
  const to = fc.sample(fc.nat(PROCESSES - 1), { numRuns: count, seed });
  return [...shuffledIndexes(count, String(seed))].map((index, at) => ({
    event: (told[index % told.length] as Told).event,
    to: to[at] ?? 0,
  }));
};

const right = (spec: JsonObject, accounts: Runs): JsonObject =>
  project({}, accounts.reduce<Runs>(addRun, []), scanSpec(spec));

const say = (what: string): void => void process.stderr.write(`convergence: ${what}\n`);

it('ends with exactly the projected status of every scan, whatever crashed and got lost', async () => {
  say(`SCAN_STATUS_TEST_SEED=${seed}`);
  const admin = apiOf(cluster);
  const namespaces = await createScans(admin);
  const scans = await listScans(admin, namespaces);
  expect(scans).toHaveLength(SCANS);
  const told = historyOf(
    scans.map(({ kind, namespace, name, uid }) => ({ kind, namespace, name, uid })),
    seed,
  );

  const kubeconfig = join(cluster.folder, 'through-proxy.kubeconfig');
  const { url, ca, token } = proxy.access;
  writeKubeconfig(kubeconfig, { server: url, ca, user: { token } });
  const environment = { SCAN_STORE: 'kubernetes', KUBECONFIG: kubeconfig };
  const processes = await Promise.all(Array.from({ length: PROCESSES }, () => spawn(environment)));

  const begun = performance.now();
  const deliveries = deliveriesOf(told);
  let delivered = 0;
  let crashes = 0;
  /** Until the server is back from one crash nobody goes beyond the next. */
  let held = restarted;
  const crash = async (): Promise<void> => {
    await held;
    try {
      await cluster.killApiServer();
      await cluster.startApiServer();
      crashes += 1;
    } catch (error) {
      say(String(error));
      stop();
    }
  };
  await each(deliveries, IN_FLIGHT, async ({ event, to }) => {
    await held;
    await deliver(processes[to]?.url ?? '', event);
    delivered += 1;
    if (!CRASHES.some((part) => delivered === Math.floor(deliveries.length * part))) return;
    held = restarted;
    restarted = crash();
  });
  await restarted;
  const seconds = (performance.now() - begun) / 1_000;

  const { passed } = proxy;
  const lost = passed.filter(({ isLost }) => isLost).length;
  const conflicts = passed.filter(({ status }) => status === 409).length;
  const patches = passed.filter(({ method }) => method === 'PATCH').length;
  const broken = passed.filter(({ status }) => status === undefined).length;
  say(
    `${told.length} events sent ${TIMES} times and ${again()} times again in ${seconds.toFixed(0)} s: ` +
      `${passed.length} requests (${patches} patches), ${conflicts} conflicts, ${lost} answers lost, ${broken} without answer`,
  );
  expect(crashes).toBe(CRASHES.length);
  expect(delivered).toBe(told.length * TIMES);

  const accounts = accountsOf(told);
  const found = await listScans(admin, namespaces);
  const statusesOf = (status: (scan: LiveScan) => JsonObject) =>
    Object.fromEntries(found.map((scan) => [`${scan.namespace}/${scan.name}`, canonicalJson(status(scan))]));
  expect(statusesOf(({ status }) => status)).toEqual(
    statusesOf(({ uid, spec }) => right(spec, accounts.get(uid) ?? [])),
  );
  expect(lost).toBeGreaterThan(0);
  expect(conflicts).toBeGreaterThan(0);
}, 400_000);
