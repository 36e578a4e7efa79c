/**
 * How close the functions come to the speed at which an API server lets a client write.
 *
 * Everything is measured in turns in one run: the functions in a process of their own behind HTTP, a bare loop of the
 * same PATCHes, and the client library as its examples use it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { CustomObjectsApi, KubeConfig, PatchStrategy, setHeaderOptions } from '@kubernetes/client-node';
import { type Access, kubectlText, startCluster } from '../cluster/support/cluster.ts';
import { clusterTools } from '../cluster/support/tools.ts';
import { each } from '../support/each.ts';
import {
  type BareLoop,
  type BenchScan,
  bareLoop,
  createScans,
  IN_FLIGHT,
  startEvent,
  startPatch,
} from './bench-scans.ts';
import { median } from './median.ts';
import { sendRaw } from './raw-sender.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
/** As `npm start` starts them. */
const START = ['--max-semi-space-size=8', '--heap-growing-percent=20', 'cli/start.ts'];
const GROUP = { group: 'scanning.apps.tanzu.vmware.com', version: 'v1beta1', plural: 'imagescans' };

interface FunctionProcess {
  readonly url: string;
  /** Its memory now, in megabytes. */
  readonly megabytes: () => number;
  readonly stop: () => Promise<void>;
}

/** All functions in a process of their own, as `npm start` runs them, with their log thrown away. */
const startFunctions = async (access: Access): Promise<FunctionProcess> => {
  const child = spawn(process.execPath, START, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, SCAN_STORE: 'kubernetes', KUBECONFIG: access.kubeconfig, PORT: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(child, 'close');
  for await (const line of createInterface({ input: child.stderr })) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (url === undefined) continue;
    child.stderr.resume();
    return {
      url,
      megabytes: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1_024,
      stop: async () => {
        child.kill('SIGTERM');
        await closed;
      },
    };
  }
  throw new Error('the functions did not start');
};

/** Requests about scans that the API server has counted so far. */
const requestsSoFar = async (access: Access): Promise<number> => {
  const text = await kubectlText(access, ['get', '--raw', '/metrics']);
  return [...text.matchAll(/^apiserver_request_total\{[^}]*resource="imagescans"[^}]*\} (\S+)$/gm)].reduce(
    (sum, [, value]) => sum + Number(value),
    0,
  );
};

/** How often a second `work` is done, given how often it is done in all. */
const perSecond = async (count: number, work: () => Promise<void>): Promise<number> => {
  const start = performance.now();
  await work();
  return (count / (performance.now() - start)) * 1_000;
};

const sendStarts = async (url: string, scans: readonly BenchScan[], round: number, earlier = 0): Promise<number> => {
  const events = scans.map((scan) => startEvent(scan, round, earlier));
  return perSecond(scans.length, async () => {
    const statuses = await sendRaw(`${url}/job-started`, events, IN_FLIGHT);
    if (statuses.get(200) !== scans.length) throw new Error(`not all were applied: ${[...statuses].join(' ')}`);
  });
};

/** The same PATCHes, with a GET before each where it is cold. */
const patchStarts = async (
  bare: BareLoop,
  scans: readonly BenchScan[],
  round: number,
  cold = false,
): Promise<number> => {
  const prepared = scans.map((scan) => ({ scan, ...startPatch(scan, round) }));
  return perSecond(scans.length, () =>
    each(prepared, IN_FLIGHT, async ({ scan, patch, status }) => {
      const path = `/${scan.scan.name}`;
      if (cold) scan.resourceVersion = JSON.parse(await bare.call('GET', path)).metadata.resourceVersion;
      const body = `{"metadata":{"resourceVersion":"${scan.resourceVersion}"},"status":${patch}}`;
      scan.resourceVersion = JSON.parse(await bare.call('PATCH', `${path}/status`, body)).metadata.resourceVersion;
      scan.status = status;
    }),
  );
};

/** As the client library's examples write: get, then patch. */
const plainStarts = async (api: CustomObjectsApi, scans: readonly BenchScan[], round: number): Promise<number> => {
  const prepared = scans.map((scan) => ({ scan, ...startPatch(scan, round) }));
  const mergePatch = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
  return perSecond(scans.length, () =>
    each(prepared, IN_FLIGHT, async ({ scan, patch, status }) => {
      const named = { ...GROUP, namespace: scan.scan.namespace, name: scan.scan.name };
      const { metadata } = await api.getNamespacedCustomObject(named);
      const body = { metadata: { resourceVersion: metadata.resourceVersion }, status: JSON.parse(patch) };
      await api.patchNamespacedCustomObjectStatus({ ...named, body }, mergePatch);
      scan.status = status;
    }),
  );
};

/** What is measured in turns: so many slices, each subject once a slice. */
const inTurns = async (
  slices: number,
  subjects: Readonly<Record<string, (slice: number) => Promise<number>>>,
): Promise<Readonly<Record<string, readonly number[]>>> => {
  const measured = Object.entries(subjects).map(([name, subject]) => ({ name, subject, rates: [] as number[] }));
  for (let slice = 0; slice < slices; slice += 1) {
    const order = slice % 2 === 0 ? measured : measured.toReversed();
    for (const { subject, rates } of order) rates.push(await subject(slice));
  }
  return Object.fromEntries(measured.map(({ name, rates }) => [name, rates]));
};

const cut = <T>(items: readonly T[], pieces: number): readonly (readonly T[])[] =>
  Array.from({ length: pieces }, (_, at) =>
    items.slice((at * items.length) / pieces, ((at + 1) * items.length) / pieces),
  );

const plainClient = (access: Access): CustomObjectsApi => {
  const config = new KubeConfig();
  config.loadFromFile(access.kubeconfig);
  return config.makeApiClient(CustomObjectsApi);
};

export interface Row {
  readonly name: string;
  /** What was measured, and against what. */
  readonly value: number;
  readonly unit: string;
  readonly target: string;
  readonly met: boolean;
  readonly note?: string;
}

const row = (name: string, value: number, unit: string, op: '>=' | '<=', bound: number, note?: string): Row => ({
  name,
  value: Number(value.toFixed(3)),
  unit,
  target: `${op} ${bound}`,
  met: op === '>=' ? value >= bound : value <= bound,
  ...(note !== undefined && { note }),
});

/** Slices of a round over all scans of a set. */
const PIECES = 4;
const WARM_SCANS = 2_000;
const WARM_ROUNDS = 5;
const COLD_SLICES = 8;
const COLD_SCANS = 250;
const FEW_SCANS = 200;
const MANY_SCANS = 20_000;

const perEvent = async (access: Access, events: number, work: () => Promise<unknown>): Promise<number> => {
  const before = await requestsSoFar(access);
  await work();
  return ((await requestsSoFar(access)) - before) / events;
};

const ratios = (a: readonly number[], b: readonly number[]): readonly number[] =>
  a.map((rate, at) => rate / (b[at] ?? 1));

const rates = (measured: Readonly<Record<string, readonly number[]>>): string =>
  Object.entries(measured)
    .map(([name, all]) => `${name} ${Math.round(median(all))}/s`)
    .join(', ');

/** Effective events about scans that the functions have met before, against the same PATCHes and the plain library. */
const measureWarm = async (access: Access, bare: BareLoop, url: string): Promise<readonly Row[]> => {
  const ours = await createScans(bare, 'ours', WARM_SCANS);
  const theirs = await createScans(bare, 'bare', WARM_SCANS);
  const plain = await createScans(bare, 'plain', WARM_SCANS / 10);
  const [oursIn, theirsIn, plainIn] = [cut(ours, PIECES), cut(theirs, PIECES), cut(plain, PIECES)];
  // One round makes everything warm: caches, connections, and compiled code.
  await sendStarts(url, ours, 0);
  await patchStarts(bare, theirs, 0, true);
  const api = plainClient(access);
  const at = (slice: number): readonly [piece: number, round: number] => [
    slice % PIECES,
    1 + Math.floor(slice / PIECES),
  ];
  const measured = await inTurns(PIECES * WARM_ROUNDS, {
    functions: (slice) => sendStarts(url, oursIn[at(slice)[0]] ?? [], at(slice)[1]),
    'bare loop': (slice) => patchStarts(bare, theirsIn[at(slice)[0]] ?? [], at(slice)[1]),
    'plain client': (slice) => plainStarts(api, plainIn[at(slice)[0]] ?? [], at(slice)[1]),
  });
  const { functions = [], 'bare loop': loop = [], 'plain client': library = [] } = measured;
  const effective = await perEvent(access, WARM_SCANS, () => sendStarts(url, ours, WARM_ROUNDS + 1));
  const again = ours.map((scan) => startEvent(scan, WARM_ROUNDS + 1));
  const duplicate = await perEvent(access, WARM_SCANS, () => sendRaw(`${url}/job-started`, again, IN_FLIGHT));
  return [
    row(
      'warm, against a bare loop of the same PATCHes',
      median(ratios(functions, loop)),
      '×',
      '>=',
      0.9,
      rates(measured),
    ),
    row('warm, against the plain client (get, then patch)', median(ratios(functions, library)), '×', '>=', 3),
    row('requests an effective event, warm', effective, '', '<=', 1.05),
    row('requests a duplicate, warm', duplicate, '', '<=', 0),
  ];
};

const measureCold = async (access: Access, bare: BareLoop, url: string): Promise<readonly Row[]> => {
  const ours = cut(await createScans(bare, 'cold', COLD_SCANS * COLD_SLICES), COLD_SLICES);
  const theirs = cut(await createScans(bare, 'cold-bare', COLD_SCANS * COLD_SLICES), COLD_SLICES);
  const measured = await inTurns(COLD_SLICES, {
    functions: (slice) => sendStarts(url, ours[slice] ?? [], 0),
    'bare loop': (slice) => patchStarts(bare, theirs[slice] ?? [], 0, true),
  });
  const { functions = [], 'bare loop': loop = [] } = measured;
  const others = await createScans(bare, 'cold-counted', COLD_SCANS);
  const requests = await perEvent(access, COLD_SCANS, () => sendStarts(url, others, 0));
  return [
    row(
      'cold, against a bare loop of GET and PATCH',
      median(ratios(functions, loop)),
      '×',
      '>=',
      0.85,
      rates(measured),
    ),
    row('requests an effective event, cold', requests, '', '<=', 2),
  ];
};

/** How often every scan is told of: two runs that are new, and then the same again, as an exporter repeats itself. */
const ROUNDS = 5;
const NEW_ROUNDS = 2;
const SCALE_SLICES = 6;
const SCALE_SCANS = 1_000;

/** Five events about each of many scans; then speed about some of them, and in turns about a few scans. */
const measureScale = async (access: Access, bare: BareLoop): Promise<readonly Row[]> => {
  const many = await createScans(bare, 'many', MANY_SCANS);
  const few = await createScans(bare, 'few', FEW_SCANS);
  const functions = await startFunctions(access);
  const start = functions.megabytes();
  for (let round = 0; round < ROUNDS; round += 1) {
    const events = [...few, ...many].map((scan) => startEvent(scan, Math.min(round, NEW_ROUNDS - 1)));
    await sendRaw(`${functions.url}/job-started`, events, IN_FLIGHT);
  }
  const grown = functions.megabytes() - start;
  // A run that turns out to have started a second earlier: effective, and every status stays as large as it is.
  const told = new Map<readonly BenchScan[], number>();
  const tell = (scans: readonly BenchScan[]): Promise<number> => {
    const earlier = (told.get(scans) ?? 0) + 1;
    told.set(scans, earlier);
    return sendStarts(functions.url, scans, NEW_ROUNDS - 1, earlier);
  };
  const pieces = cut(many, MANY_SCANS / SCALE_SCANS);
  const measured = await inTurns(SCALE_SLICES, {
    [`${MANY_SCANS} scans`]: async (slice) => {
      const piece = pieces[slice] ?? [];
      await tell(piece);
      return tell(piece);
    },
    [`${FEW_SCANS} scans`]: async () => {
      const rates: number[] = [];
      await tell(few);
      for (let turn = 0; turn < SCALE_SCANS / FEW_SCANS; turn += 1) rates.push(await tell(few));
      return median(rates);
    },
  });
  await functions.stop();
  const [large = [], small = []] = Object.values(measured);
  const events = MANY_SCANS * ROUNDS;
  return [
    row(`${MANY_SCANS} scans, against ${FEW_SCANS}`, median(ratios(large, small)), '×', '>=', 0.9, rates(measured)),
    row(
      `memory after ${events} events over ${MANY_SCANS} scans`,
      grown,
      'MB',
      '<=',
      60,
      `from ${Math.round(start)} MB`,
    ),
  ];
};

/** Measures everything, on a cluster of its own, and gives back the rows of the table. */
export const measureCluster = async (): Promise<readonly Row[]> => {
  const cluster = await startCluster(await clusterTools(), { controllers: false });
  const bare = bareLoop(cluster);
  try {
    await kubectlText(cluster, ['apply', '-k', `${ROOT}infra/crds`]);
    await kubectlText(cluster, ['wait', '--for=condition=Established', 'crd', '--all']);
    const functions = await startFunctions(cluster);
    const warm = await measureWarm(cluster, bare, functions.url);
    const cold = await measureCold(cluster, bare, functions.url);
    await functions.stop();
    return [...warm, ...cold, ...(await measureScale(cluster, bare))];
  } finally {
    await bare.close();
    await cluster.stop();
  }
};
