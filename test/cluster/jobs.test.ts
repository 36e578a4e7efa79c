/** Real Jobs and the events that they really cause, through the functions, to what people and pipelines look at. */
import { describe, expect, it, jest } from '@jest/globals';
import { describeStatus } from '../../cli/describe-status.ts';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import { send } from '../support/http-client.ts';
import { evaluatedEvent, structured, withData } from '../support/http-messages.ts';
import { webhookRequests } from '../support/recorded.ts';
import { type ServerProcess, serverProcesses } from '../support/server-process.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { kubectlText } from './support/cluster.ts';
import { type EventSource, eventSources } from './support/event-sources.ts';
import { kubectlWaits } from './support/kubectl-wait.ts';
import { endPod, newJob, type ScanJob, SUCCEEDED } from './support/scan-jobs.ts';
import { eventually, type Kind, newNamespace, newScan, SPECS } from './support/scans.ts';

/** A failed pod is replaced after ten seconds, and the machine may be busy. */
jest.setTimeout(120_000);
const WITHIN = 60_000;

const admin = apiOf(cluster());
const spawn = serverProcesses();
const { eventExporter, apiServerSource } = eventSources();
const kubectlWait = kubectlWaits();
const kubectl = (...args: readonly string[]) => kubectlText(cluster(), args);

const WITHOUT_POLICY: JsonObject = { registry: SPECS.ImageScan.registry, scanTemplate: 'template' };

interface Scene {
  readonly namespace: string;
  /** The scan's path, and its name as kubectl takes it: `imagescan/NAME`. */
  readonly scan: string;
  readonly named: string;
  readonly functions: ServerProcess;
}

/** A scan in a namespace of its own, and the functions that keep it. */
const sceneOf = async (
  kind: Kind,
  {
    spec = SPECS[kind],
    environment = {},
  }: { readonly spec?: JsonObject; readonly environment?: Record<string, string> } = {},
): Promise<Scene> => {
  const namespace = await newNamespace(admin, 'jobs');
  const functions = await spawn({
    SCAN_STORE: 'kubernetes',
    KUBECONFIG: cluster().kubeconfig,
    SCAN_NAMESPACES: namespace,
    ...environment,
  });
  const scan = await newScan(admin, namespace, kind, spec);
  return { namespace, scan, named: `${kind.toLowerCase()}/${scan.split('/').at(-1)}`, functions };
};

const statusOf = async ({ scan }: Scene): Promise<JsonObject> => (await admin.get(scan)).body.status as JsonObject;

const conditionOf = async (scene: Scene, type: string): Promise<JsonObject | undefined> =>
  ((await statusOf(scene)).conditions as readonly JsonObject[]).find((condition) => condition.type === type);

const becomes = (scene: Scene, type: string, status: string): Promise<void> =>
  eventually(async () => (await conditionOf(scene, type))?.status === status, WITHIN);

/** When the Job controller first told of this reason. */
const toldAt = async ({ namespace }: Scene, reason: string): Promise<string> => {
  const { items } = (await admin.get(`/api/v1/namespaces/${namespace}/events`)).body;
  const events = items as readonly { readonly reason: string; readonly firstTimestamp: string }[];
  const [first] = events
    .filter((event) => event.reason === reason)
    .map(({ firstTimestamp }) => firstTimestamp)
    .sort();
  if (first === undefined) throw new Error(`no event ${reason}`);
  return first;
};

const LABELS = 23;

/** A condition as `kubectl describe` prints it. */
const described = (type: string, status: string, reason: string, at: string, message: string, error = '') => [
  `    ${'Error:'.padEnd(LABELS)}${error}`,
  `    ${'Last Transition Time:'.padEnd(LABELS)}${at}`,
  `    ${'Message:'.padEnd(LABELS)}${message}`,
  `    ${'Observed Generation:'.padEnd(LABELS)}1`,
  `    ${'Reason:'.padEnd(LABELS)}${reason}`,
  `    ${'Status:'.padEnd(LABELS)}${status}`,
  `    ${'Type:'.padEnd(LABELS)}${type}`,
];

const running = (at: string) => described('Scanning', 'True', 'JobStarted', at, 'The scan job is running');
const terminated = (at: string) => described('Scanning', 'False', 'JobFinished', at, 'The scan job terminated');
const succeeded = (at: string) => [
  ...terminated(at),
  ...described('Succeeded', 'True', 'JobFinished', at, 'The scan job finished'),
];
const failed = (at: string, message: string, error: string) => [
  ...terminated(at),
  ...described('Succeeded', 'False', 'Error', at, message, error),
];

const BACKOFF = 'Job has reached the specified backoff limit';

const describeScan = ({ named, namespace }: Scene): Promise<string> => kubectl('describe', named, '-n', namespace);

/** The lines of the conditions, as `kubectl describe` prints them. */
const conditionLines = async (scene: Scene): Promise<readonly string[]> => {
  const lines = (await describeScan(scene)).split('\n');
  const from = lines.indexOf('  Conditions:') + 1;
  const length = lines.slice(from).findIndex((line) => !line.startsWith('    '));
  return lines.slice(from, from + length);
};

const wait = ({ namespace, named }: Scene, condition: string) =>
  kubectlWait(cluster(), `--for=condition=${condition}`, named, '-n', namespace);

const sent = ({ delivered }: EventSource, what: string): number => delivered.filter((one) => one.what === what).length;

describe('over the events that kubernetes-event-exporter sends', () => {
  it('a Job that succeeds shows the conditions of a scan that finished, and ends the waits for them', async () => {
    const scene = await sceneOf('ImageScan', { spec: WITHOUT_POLICY });
    const exporter = await eventExporter(cluster(), scene.namespace, scene.functions.url);
    const [forStart, forEnd] = [await wait(scene, 'Scanning'), await wait(scene, 'Succeeded')];
    const job = await newJob(admin, scene.scan);
    expect(await forStart.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('condition met') });
    expect(await conditionLines(scene)).toEqual(running(await toldAt(scene, 'SuccessfulCreate')));
    expect(forEnd.isWaiting()).toBe(true);

    await endPod(admin, job, SUCCEEDED);
    expect(await forEnd.ended).toMatchObject({ code: 0, stdout: expect.stringContaining('condition met') });
    expect(await conditionLines(scene)).toEqual(succeeded(await toldAt(scene, 'Completed')));
    await eventually(async () => exporter.delivered.length === 2);
    expect(exporter.delivered.map(({ what, status }) => [what, status])).toEqual([
      ['SuccessfulCreate', 200],
      ['Completed', 200],
    ]);
  });

  it('a Job that was killed for its memory says so, and does not end a wait for success', async () => {
    const scene = await sceneOf('ImageScan', { environment: { POD_DETAILS: 'true' } });
    await eventExporter(cluster(), scene.namespace, scene.functions.url);
    const [forSuccess, forFailure] = [await wait(scene, 'Succeeded'), await wait(scene, 'Succeeded=False')];
    await endPod(admin, await newJob(admin, scene.scan), { exitCode: 137, reason: 'OOMKilled' });
    expect(await forFailure.ended).toMatchObject({ code: 0 });
    expect(await conditionLines(scene)).toEqual(
      failed(
        await toldAt(scene, 'BackoffLimitExceeded'),
        BACKOFF,
        `BackoffLimitExceeded: ${BACKOFF}; container scanner exited with code 137 (OOMKilled)`,
      ),
    );
    expect(forSuccess.isWaiting()).toBe(true);
  });

  it('a Job that left a last word shows it beside its exit code', async () => {
    const scene = await sceneOf('SourceScan', { environment: { POD_DETAILS: 'true' } });
    await eventExporter(cluster(), scene.namespace, scene.functions.url);
    const message = 'fatal: could not read from remote repository';
    await endPod(admin, await newJob(admin, scene.scan), { exitCode: 128, reason: 'Error', message });
    await becomes(scene, 'Succeeded', 'False');
    expect(await conditionLines(scene)).toEqual(
      failed(
        await toldAt(scene, 'BackoffLimitExceeded'),
        BACKOFF,
        `BackoffLimitExceeded: ${BACKOFF}; container scanner exited with code 128: ${message}`,
      ),
    );
  });

  it('a Job whose second pod succeeds is running from its first pod until then', async () => {
    const scene = await sceneOf('ImageScan', { spec: WITHOUT_POLICY });
    const exporter = await eventExporter(cluster(), scene.namespace, scene.functions.url);
    const job = await newJob(admin, scene.scan, { backoffLimit: 1 });
    await endPod(admin, job, { exitCode: 1, reason: 'Error' });
    await eventually(async () => sent(exporter, 'SuccessfulCreate') === 2, WITHIN);
    expect(await conditionLines(scene)).toEqual(running(await toldAt(scene, 'SuccessfulCreate')));
    await endPod(admin, job, SUCCEEDED);
    await becomes(scene, 'Succeeded', 'True');
    expect(await conditionLines(scene)).toEqual(succeeded(await toldAt(scene, 'Completed')));
  });

  it('a Job that ran past its deadline says so', async () => {
    const scene = await sceneOf('SourceScan');
    await eventExporter(cluster(), scene.namespace, scene.functions.url);
    await newJob(admin, scene.scan, { activeDeadlineSeconds: 3 });
    await becomes(scene, 'Succeeded', 'False');
    const message = 'Job was active longer than specified deadline';
    expect(await conditionLines(scene)).toEqual(
      failed(await toldAt(scene, 'DeadlineExceeded'), message, `DeadlineExceeded: ${message}`),
    );
  });

  it('every event has the members of one that was recorded', async () => {
    const scene = await sceneOf('ImageScan');
    const exporter = await eventExporter(cluster(), scene.namespace, scene.functions.url);
    await newJob(admin, scene.scan);
    await eventually(async () => sent(exporter, 'SuccessfulCreate') === 1);
    const shapeOf = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shapeOf);
      if (!isJsonObject(value)) return value === null ? null : typeof value;
      return Object.entries(value).map(([name, member]) => [name, shapeOf(member)]);
    };
    const recorded = webhookRequests
      .map(({ body }) => JSON.parse(body))
      .find((body) => body.reason === 'SuccessfulCreate');
    expect(shapeOf(exporter.delivered[0]?.body)).toEqual(shapeOf(recorded));
  });
});

interface JobStatus {
  readonly conditions: readonly { readonly type: string; readonly lastTransitionTime: string }[];
}

/** When the Job controller wrote that the Job is complete; its `completionTime` may be a second earlier. */
const completedAt = (status: unknown): string =>
  (status as JobStatus).conditions.find(({ type }) => type === 'Complete')?.lastTransitionTime ?? '';

describe('over the Jobs that ApiServerSource sends', () => {
  /** The latest that the source told of the Job. */
  const lastOf = ({ delivered }: EventSource, member: 'metadata' | 'status'): JsonObject =>
    (delivered.at(-1)?.body[member] ?? {}) as JsonObject;

  it('a Job that succeeds shows the same conditions as it does over Events', async () => {
    const scene = await sceneOf('ImageScan', { spec: WITHOUT_POLICY });
    const source = await apiServerSource(cluster(), scene.namespace, scene.functions.url);
    const job = await newJob(admin, scene.scan);
    await becomes(scene, 'Scanning', 'True');
    const { startTime } = (await admin.get(job.path)).body.status as { readonly startTime: string };
    expect(await conditionLines(scene)).toEqual(running(startTime));
    await endPod(admin, job, SUCCEEDED);
    await becomes(scene, 'Succeeded', 'True');
    expect(await conditionLines(scene)).toEqual(succeeded(completedAt((await admin.get(job.path)).body.status)));
    expect(source.delivered.filter(({ status }) => status >= 300)).toEqual([]);
  });

  it('a Job that is deleted as soon as it is complete has succeeded', async () => {
    const scene = await sceneOf('ImageScan', { spec: WITHOUT_POLICY });
    const source = await apiServerSource(cluster(), scene.namespace, scene.functions.url);
    const exporter = await eventExporter(cluster(), scene.namespace, scene.functions.url);
    const job = await newJob(admin, scene.scan, { ttlSecondsAfterFinished: 0 });
    await endPod(admin, job, SUCCEEDED);
    await eventually(async () => sent(source, 'DELETED') === 1 && sent(exporter, 'Completed') === 1, WITHIN);
    expect((await admin.get(job.path)).code).toBe(404);
    expect(await conditionLines(scene)).toEqual(succeeded(completedAt(lastOf(source, 'status'))));
    expect([...source.delivered, ...exporter.delivered].filter(({ status }) => status >= 300)).toEqual([]);
  });

  it('a Job that is deleted while it runs has failed', async () => {
    const scene = await sceneOf('SourceScan');
    const source = await apiServerSource(cluster(), scene.namespace, scene.functions.url);
    const job = await newJob(admin, scene.scan);
    await becomes(scene, 'Scanning', 'True');
    await admin.send('DELETE', `${job.path}?propagationPolicy=Foreground`);
    await eventually(async () => sent(source, 'DELETED') === 1, WITHIN);
    const { deletionTimestamp } = lastOf(source, 'metadata');
    const message = 'The scan job was deleted before it finished';
    expect(await conditionLines(scene)).toEqual(failed(String(deletionTimestamp), message, `JobDeleted: ${message}`));
  });
});

describe('kubectl', () => {
  it('answers people and pipelines once a policy has passed the scan', async () => {
    const scene = await sceneOf('ImageScan');
    await eventExporter(cluster(), scene.namespace, scene.functions.url);
    const { registry } = SPECS.ImageScan;
    const compliant = `--for=jsonpath={.status.compliantArtifact.registry.image}=${registry.image}`;
    const forRelease = await kubectlWait(cluster(), compliant, scene.named, '-n', scene.namespace);
    const job = await newJob(admin, scene.scan);
    await endPod(admin, job, SUCCEEDED);
    await becomes(scene, 'Succeeded', 'True');
    expect(forRelease.isWaiting()).toBe(true);

    const { name, uid } = (await admin.get(scene.scan)).body.metadata as {
      readonly name: string;
      readonly uid: string;
    };
    const at = await toldAt(scene, 'Completed');
    const cveCount = { CRITICAL: 0, HIGH: 1, MEDIUM: 22, LOW: 333, UNKNOWN: 4, CVETOTAL: 360 };
    const told = { namespace: scene.namespace, name, uid, run: job.uid, at };
    const answer = await send(scene.functions.url, structured(withData(evaluatedEvent(told), { cveCount })));
    expect(answer.status).toBe(200);
    expect(await forRelease.ended).toMatchObject({ code: 0 });
    // The event names no generation; the run knows it from its Job.
    expect(await conditionLines(scene)).toEqual([
      ...succeeded(at),
      ...described('PolicySucceeded', 'True', 'EvaluationPassed', at, 'No non-compliant vulnerabilities found'),
    ]);

    const table = await kubectl('get', 'imagescans', '-n', scene.namespace);
    const [heads, cells] = table
      .trim()
      .split('\n')
      .map((line) => line.split(/\s+/));
    expect(heads).toEqual('NAME PHASE SCANNEDIMAGE AGE CRITICAL HIGH MEDIUM LOW UNKNOWN CVETOTAL'.split(' '));
    const age = expect.stringMatching(/^\d+[smh]/);
    expect(cells).toEqual([name, 'Completed', registry.image, age, '0', '1', '22', '333', '4', '360']);
  });

  it('describes a scan as the command describe does, and has columns for a SourceScan, too', async () => {
    const scene = await sceneOf('SourceScan');
    await eventExporter(cluster(), scene.namespace, scene.functions.url);
    await endPod(admin, await newJob(admin, scene.scan), { exitCode: 1, reason: 'Error' });
    await becomes(scene, 'Succeeded', 'False');
    const whole = await describeScan(scene);
    const status = whole.slice(whole.indexOf('Status:\n'), whole.indexOf('Events:'));
    expect(describeStatus(await statusOf(scene))).toBe(status);
    const table = await kubectl('get', 'srcscan', '-n', scene.namespace);
    expect(table.split('\n')[0]?.split(/\s+/)).toEqual(
      'NAME PHASE SCANNEDREVISION SCANNEDREPOSITORY AGE CRITICAL HIGH MEDIUM LOW UNKNOWN CVETOTAL'.split(' '),
    );
  });
});

describe('with JOB_FACTS=jobs', () => {
  /** An Event as the Job controller would write it, by somebody who may create Events. */
  const forge = async ({ namespace }: Scene, { name, uid }: ScanJob, reason: string, at: string): Promise<void> => {
    const { code, message } = await admin.create(`/api/v1/namespaces/${namespace}/events`, {
      metadata: { generateName: `${name}.` },
      involvedObject: { kind: 'Job', apiVersion: 'batch/v1', namespace, name, uid },
      reason,
      message: 'Job completed',
      type: 'Normal',
      source: { component: 'job-controller' },
      reportingComponent: 'job-controller',
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    });
    if (code !== 201) throw new Error(message);
  };
  const now = (): string => new Date().toISOString().replace(/\.\d+Z/, 'Z');

  it.each([
    ['of a Job that still runs', now, 204],
    ['of the year 2099', () => '2099-01-01T00:00:00Z', 400],
  ])('a forged Completed event %s changes nothing', async (_, at, answer) => {
    const scene = await sceneOf('ImageScan', { environment: { JOB_FACTS: 'jobs' } });
    const exporter = await eventExporter(cluster(), scene.namespace, scene.functions.url);
    const job = await newJob(admin, scene.scan);
    await becomes(scene, 'Scanning', 'True');
    const before = (await admin.get(scene.scan)).body;
    await forge(scene, job, 'Completed', at());
    await eventually(async () => sent(exporter, 'Completed') === 1);
    expect(exporter.delivered.at(-1)?.status).toBe(answer);
    expect(canonicalJson((await admin.get(scene.scan)).body)).toBe(canonicalJson(before));

    await endPod(admin, job, SUCCEEDED);
    await becomes(scene, 'Succeeded', 'True');
    expect(await conditionLines(scene)).toEqual(succeeded(completedAt((await admin.get(job.path)).body.status)));
  });

  it('a forged Completed event of a Job that failed tells that it failed', async () => {
    const scene = await sceneOf('ImageScan', { environment: { JOB_FACTS: 'jobs', POD_DETAILS: 'true' } });
    const job = await newJob(admin, scene.scan);
    await endPod(admin, job, { exitCode: 2, reason: 'Error', message: 'no such image' });
    const finalOf = async () => {
      const { conditions = [] } = (await admin.get(job.path)).body.status as { conditions?: readonly JsonObject[] };
      return conditions.find(({ type }) => type === 'Failed');
    };
    await eventually(async () => (await finalOf()) !== undefined);
    const exporter = await eventExporter(cluster(), scene.namespace, scene.functions.url);
    await forge(scene, job, 'Completed', now());
    await eventually(async () => sent(exporter, 'Completed') === 1);
    expect(exporter.delivered).toHaveLength(1);
    const at = String((await finalOf())?.lastTransitionTime);
    expect(await conditionLines(scene)).toEqual(
      failed(at, BACKOFF, `BackoffLimitExceeded: ${BACKOFF}; container scanner exited with code 2: no such image`),
    );
  });
});
