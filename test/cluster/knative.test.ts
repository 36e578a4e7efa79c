/** The built functions as Knative starts them: processes of their own, each under its account, at a real API server. */
import { Agent } from 'node:http';
import { join } from 'node:path';
import { beforeAll, expect, it } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { builtBundles } from '../support/bundles-built.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { each } from '../support/each.ts';
import { type Answer, send } from '../support/http-client.ts';
import { finishedEvent, structured } from '../support/http-messages.ts';
import { writeKubeconfig } from '../support/kubeconfigs.ts';
import { type RecordedRequest, TRUTH, webhookRequests } from '../support/recorded.ts';
import { type ServerProcess, serverProcesses } from '../support/server-process.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { ACCOUNTS_NAMESPACE, type FunctionName, installFunctions } from './support/functions.ts';
import { createRecordedScans } from './support/recorded-scans.ts';
import { newNamespace, newScan, tokenOf } from './support/scans.ts';

const admin = apiOf(cluster());
const { folder } = builtBundles('job-started', 'job-finished');
const kubeconfigs = temporaryFolder();
const start = serverProcesses();

let namespace = '';
beforeAll(async () => {
  namespace = await newNamespace(admin, 'knative');
  await installFunctions(admin, namespace);
}, 120_000);

/** A function as its Service runs it, with its own rights alone. */
const startFunction = async (name: FunctionName): Promise<ServerProcess> => {
  const { url: server, ca } = cluster();
  const user = { token: await tokenOf(name, ACCOUNTS_NAMESPACE) };
  const KUBECONFIG = writeKubeconfig(join(kubeconfigs, `${name}.kubeconfig`), { server, ca, user });
  return start({ SCAN_STORE: 'kubernetes', KUBECONFIG }, join(folder(), 'knative', `${name}.mjs`));
};

const headerOf = (headers: readonly string[], name: string): string =>
  headers[headers.findIndex((one, at) => at % 2 === 0 && one.toLowerCase() === name) + 1] ?? '';

/** The headers as they were recorded, but for those that say where to and how much. */
const headersTo = (url: string, rawHeaders: readonly string[], body: string): readonly string[] =>
  rawHeaders.map((value, at) => {
    const name = at % 2 === 1 ? rawHeaders[at - 1]?.toLowerCase() : undefined;
    if (name === 'host') return new URL(url).host;
    return name === 'content-length' ? String(Buffer.byteLength(body)) : value;
  });

it('tell the truth of what an exporter once sent, request for request', async () => {
  const scans = await createRecordedScans(admin);
  for (const one of scans.namespaces) await installFunctions(admin, one);
  const urls: Readonly<Record<string, string>> = {
    'dev.scanstatus.job-started.v1': (await startFunction('job-started')).url,
    'dev.scanstatus.job-finished.v1': (await startFunction('job-finished')).url,
  };
  const post = ({ rawHeaders, body }: RecordedRequest): Promise<Answer> => {
    const url = urls[headerOf(rawHeaders, 'ce-type')] ?? '';
    const sent = scans.here(body);
    return send(url, { path: '/', headers: headersTo(url, rawHeaders.map(scans.here), sent), body: sent });
  };
  const statuses: number[] = [];
  for (const request of webhookRequests) statuses.push((await post(request)).status);
  expect(statuses.filter((status) => status !== 200 && status !== 204)).toEqual([]);
  expect(await scans.told()).toEqual(TRUTH);
});

const EVENTS = 1_000;
const RUNS = 5;
const IN_FLIGHT = 32;
/** It is told to stop once so many were answered. */
const STOPPED_AFTER = 400;

/** One event for each of five runs of two hundred scans: none is made superfluous by another. */
const newEvents = async (): Promise<{ readonly events: readonly JsonObject[]; readonly paths: readonly string[] }> => {
  const paths: string[] = [];
  await each(
    Array.from({ length: EVENTS / RUNS }, (_, at) => at),
    IN_FLIGHT,
    async () => {
      paths.push(await newScan(admin, namespace));
    },
  );
  const events: JsonObject[] = [];
  await each(paths, IN_FLIGHT, async (path) => {
    const { name, uid } = (await admin.get(path)).body.metadata as { readonly name: string; readonly uid: string };
    for (let run = 0; run < RUNS; run += 1) {
      const at = `2026-06-01T10:0${run}:00Z`;
      events.push(finishedEvent({ id: `${name}-${run}`, namespace, name, uid, run: `${name}-${run}`, at }));
    }
  });
  return { events, paths };
};

/** The ids of the events whose finish the scans know. */
const knownIn = async (paths: readonly string[]): Promise<ReadonlySet<string>> => {
  const known = new Set<string>();
  await each(paths, IN_FLIGHT, async (path) => {
    const { runs = [] } = ((await admin.get(path)).body.status ?? {}) as { readonly runs?: readonly JsonObject[] };
    for (const { uid, finish } of runs) if (finish !== undefined) known.add(String(uid));
  });
  return known;
};

it('lose nothing that was answered when they are told to stop amid a thousand events, and answer what they took', async () => {
  const { events, paths } = await newEvents();
  const first = await startFunction('job-finished');
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const answered = new Map<string, number>();
  const unanswered: JsonObject[] = [];
  await each(events, IN_FLIGHT, async (event) => {
    const answer = await send(first.url, structured(event), agent).catch(() => undefined);
    if (answer === undefined) unanswered.push(event);
    else answered.set(String(event.id), answer.status);
    if (answered.size === STOPPED_AFTER) first.kill('SIGTERM');
  });
  agent.destroy();
  expect(await first.ended).toEqual({ code: 0, signal: null });

  // It stopped in the middle; and all answers say that the event was taken.
  expect(answered.size).toBeGreaterThanOrEqual(STOPPED_AFTER);
  expect(unanswered.length).toBeGreaterThan(0);
  expect([...answered.values()].filter((status) => status !== 200 && status !== 204)).toEqual([]);
  // What was answered is there.
  const known = await knownIn(paths);
  expect([...answered.keys()].filter((id) => !known.has(id))).toEqual([]);
  // What it worked on was answered: whoever hears nothing sends again, but nobody was left without need.
  const handled = first.lines.flatMap(({ msg, id }) => (msg === 'event' ? [String(id)] : []));
  expect(handled.length).toBeGreaterThanOrEqual(STOPPED_AFTER);
  expect(handled.filter((id) => !answered.has(id))).toEqual([]);

  const next = await startFunction('job-finished');
  await each(unanswered, IN_FLIGHT, async (event) => {
    expect((await send(next.url, structured(event))).status).toBeLessThan(300);
  });
  expect((await knownIn(paths)).size).toBe(EVENTS);
}, 180_000);
