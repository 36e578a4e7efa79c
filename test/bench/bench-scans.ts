/** Scans in a real API server to measure with, and what is told of them. */
import { Agent, request } from 'undici';
import type { Fact, ScanRef } from '../../shared/conditions/facts.ts';
import { type Instant, instantAt } from '../../shared/conditions/instant.ts';
import { project } from '../../shared/conditions/project.ts';
import { addRun } from '../../shared/conditions/runs.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { runsOf } from '../../shared/conditions/status.ts';
import { JOB_STARTED } from '../../shared/events/types.ts';
import { mergePatch } from '../../shared/scans/merge-patch.ts';
import { scanSpec } from '../../shared/scans/spec.ts';
import type { Access } from '../cluster/support/cluster.ts';
import { each } from '../support/each.ts';

const API = '/apis/scanning.apps.tanzu.vmware.com/v1beta1';
const NAMESPACE = 'default';
const SPEC = { registry: { image: 'registry.example.com/shop/cart@sha256:2963fc49' }, scanTemplate: 'private-image' };

/** Requests at once, in every measurement. */
export const IN_FLIGHT = 32;

/** A scan as the server keeps it. */
export interface BenchScan {
  readonly scan: ScanRef;
  resourceVersion: string;
  status: JsonObject;
}

/** The fastest loop that `undici` lets one write: connections kept alive, and nothing between two requests. */
export const bareLoop = ({ url, token, ca }: Access) => {
  const dispatcher = new Agent({ connect: { ca }, connections: IN_FLIGHT, allowH2: false });
  const call = async (method: 'GET' | 'POST' | 'PATCH', path: string, body?: string): Promise<string> => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await request(`${url}${API}/namespaces/${NAMESPACE}/imagescans${path}`, {
      dispatcher,
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      ...(body !== undefined && { body }),
    });
    const text = await answer.body.text();
    if (answer.statusCode > 299) throw new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 500)}`);
    return text;
  };
  return { call, close: () => dispatcher.destroy() };
};

export type BareLoop = ReturnType<typeof bareLoop>;

/** Creates `count` image scans whose names start with `prefix`. */
export const createScans = async ({ call }: BareLoop, prefix: string, count: number): Promise<readonly BenchScan[]> => {
  const scans: BenchScan[] = [];
  const numbers = Array.from({ length: count }, (_, at) => at + 1);
  await each(numbers, IN_FLIGHT, async (number) => {
    const name = `${prefix}-${number}`;
    const body = { apiVersion: API.slice('/apis/'.length), kind: 'ImageScan', metadata: { name }, spec: SPEC };
    const { metadata } = JSON.parse(await call('POST', '', JSON.stringify(body)));
    const scan = { kind: 'ImageScan', namespace: NAMESPACE, name, uid: metadata.uid };
    scans[number - 1] = { scan, resourceVersion: metadata.resourceVersion, status: {} };
  });
  return scans;
};

const FIRST = Date.parse('2026-11-01T05:00:00Z');

/** The start of a run of its own for each round, told so many seconds earlier than it was told first. */
const startOf = (scan: ScanRef, round: number, earlier = 0): Fact => {
  const startedAt = instantAt(FIRST + (round * 1_000 - earlier) * 1_000) as Instant;
  const uid = `${scan.uid.slice(0, -6)}${String(round).padStart(6, '0')}`;
  return { scan, type: 'started', run: { uid, job: `${scan.name}-${round}`, age: startedAt, startedAt } };
};

/**
 * The event that tells of a new run, or that it started some seconds earlier than was known: effective, because nobody
 * told so before.
 */
export const startEvent = ({ scan }: BenchScan, round: number, earlier = 0): string => {
  const { run } = startOf(scan, round, earlier);
  return JSON.stringify({
    specversion: '1.0',
    id: `${scan.uid}-${round}-${earlier}`,
    source: '/bench',
    type: JOB_STARTED,
    data: { scan, run: { uid: run.uid, job: run.job }, startedAt: run.startedAt },
  });
};

/** The patch of the same fact, made before anything is measured; the resource version is put in when it is sent. */
export const startPatch = (
  bench: BenchScan,
  round: number,
): { readonly patch: string; readonly status: JsonObject } => {
  const { run } = startOf(bench.scan, round);
  const status = project(bench.status, addRun(runsOf(bench.status), run), scanSpec(SPEC));
  return { patch: JSON.stringify(mergePatch(bench.status, status)), status };
};
