/** From a policy's Rego and a real Job's log to what people see of a scan, all of it on a real API server. */
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { jobFinished } from '../../functions/job-finished/handler.ts';
import { policyEvaluated } from '../../functions/policy-evaluated/handler.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { readEvent } from '../../shared/events/event.ts';
import { readScope } from '../../shared/runtime/config.ts';
import { receive } from '../../shared/runtime/receive.ts';
import type { Sent } from '../support/http-client.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { kubectlText } from './support/cluster.ts';
import { installFunctions } from './support/functions.ts';
import {
  applyPolicy,
  BAD,
  bytesOf,
  CRITICAL,
  denying,
  GOOD,
  objectEvent,
  policyPath,
  refOf,
  reportingJob,
  reportReady,
  statusOf,
} from './support/judged-scans.ts';
import { type JudgingFunctions, judgingFunctions } from './support/judging-functions.ts';
import { kubelets } from './support/kubelet.ts';
import { ownAccounts } from './support/own-accounts.ts';
import { eventRecorders } from './support/recorded-events.ts';
import { eventually, install, newNamespace, newScan, SPECS } from './support/scans.ts';

/** The machine may be busy. */
jest.setTimeout(60_000);

const admin = apiOf(cluster());
const start = judgingFunctions();
const startKubelet = kubelets();
const record = eventRecorders();
const accounts = ownAccounts();
const scope = readScope({});
let namespace = '';

beforeEach(async () => {
  namespace = await newNamespace(admin, 'verdicts');
});

/** Posts what was recorded, one after the other, and answers the statuses. */
const postAll = async (functions: JudgingFunctions, all: readonly Sent[]): Promise<readonly number[]> => {
  const statuses: number[] = [];
  for (const one of all) statuses.push((await functions.send(one)).status);
  return statuses;
};

const conditionsOf = async (path: string): Promise<Readonly<Record<string, JsonObject>>> => {
  const { conditions = [] } = await statusOf(admin, path);
  return Object.fromEntries((conditions as readonly JsonObject[]).map((condition) => [condition.type, condition]));
};

const SAMPLE = readFileSync(new URL('../../infra/samples/scanpolicy.yaml', import.meta.url), 'utf8');
/** The policy of our sample, without the indentation of its YAML; the same, where it also lets a vulnerability pass. */
const STRICT = SAMPLE.slice(SAMPLE.indexOf('package')).replaceAll(/^ {4}/gm, '');
const LENIENT = STRICT.replace('"CVE-2018-14643"', `"CVE-2018-14643", "${CRITICAL}"`);

const ARTIFACT = { registry: { image: SPECS.ImageScan.registry.image } };
const COUNT = { CRITICAL: 1, HIGH: 0, MEDIUM: 0, LOW: 1, UNKNOWN: 0, CVETOTAL: 2 };

const columnsOf = async (scan: string): Promise<readonly string[]> => {
  const name = String(scan.split('/').at(-1));
  const [titles = '', row = ''] = (await kubectlText(cluster(), ['get', 'imagescan', name, '-n', namespace])).split(
    '\n',
  );
  expect(titles.trim().split(/\s+/).join(' ')).toBe(
    'NAME PHASE SCANNEDIMAGE AGE CRITICAL HIGH MEDIUM LOW UNKNOWN CVETOTAL',
  );
  return row.trim().split(/\s+/).toSpliced(3, 1).slice(1);
};

describe('a finished Job whose scanner wrote a report', () => {
  it('is judged by the policy as it stands: denied with the IDs, and compliant once the policy lets them pass', async () => {
    const functions = await start(namespace);
    await functions.compile(STRICT);
    expect((await admin.get(policyPath(namespace))).body.status).toMatchObject({
      observedGeneration: 1,
      conditions: [
        { type: 'Compiled', status: 'True', message: 'Compiled as policies/isCompliant, in Rego v1' },
        { type: 'CanaryDenied', status: 'True', observedGeneration: 1 },
      ],
    });
    const scan = await newScan(admin, namespace);
    const { finishes } = await record(namespace);
    const { job } = await reportingJob(admin, await startKubelet(admin), scan, BAD);
    const ends = await finishes(job);
    expect(await postAll(functions, ends)).toEqual(ends.map(() => 200));

    const denied = await statusOf(admin, scan);
    expect(denied).toMatchObject({
      phase: 'Failed',
      cveCount: COUNT,
      scannedBy: { scanner: { name: 'finder', vendor: 'Example', version: '1.2.3' } },
      artifact: ARTIFACT,
      observedGeneration: 1,
      conditions: [
        { type: 'Scanning', status: 'False', reason: 'JobFinished' },
        { type: 'Succeeded', status: 'True', reason: 'JobFinished' },
        {
          type: 'PolicySucceeded',
          status: 'False',
          reason: 'EvaluationFailed',
          message: `Vulnerabilities that failed OPA policy: ${CRITICAL}`,
          error: '',
          observedGeneration: 1,
        },
      ],
      runs: [{ uid: job.uid, verdict: { policy: { name: 'policy', generation: 1 } } }],
    });
    expect(denied).not.toHaveProperty('compliantArtifact');
    const numbers = ['1', '0', '0', '1', '0', '2'];
    expect(await columnsOf(scan)).toEqual(['Failed', ARTIFACT.registry.image, ...numbers]);

    await functions.compile(LENIENT);
    expect(await postAll(functions, ends)).toEqual(ends.map(() => 200));
    expect(await statusOf(admin, scan)).toMatchObject({
      phase: 'Completed',
      cveCount: COUNT,
      compliantArtifact: ARTIFACT,
      conditions: [{}, {}, { type: 'PolicySucceeded', status: 'True', reason: 'EvaluationPassed', error: '' }],
      runs: [{ verdict: { policy: { generation: 2 } } }],
    });
    expect(await columnsOf(scan)).toEqual(['Completed', ARTIFACT.registry.image, ...numbers]);

    // It was judged as of its end, which the sources told, and not as of now.
    const { PolicySucceeded: condition } = await conditionsOf(scan);
    const judgedAt = String(condition?.lastTransitionTime);
    expect(ends.filter(({ body }) => String(body).includes(judgedAt))).not.toEqual([]);

    const before = await bytesOf(admin, scan);
    expect(await postAll(functions, ends.toReversed())).toEqual(ends.map(() => 200));
    expect(await bytesOf(admin, scan)).toBe(before);
  });

  it('stays judged when its end is told again after its pod is gone', async () => {
    const functions = await start(namespace);
    await functions.compile(denying());
    const scan = await newScan(admin, namespace);
    const { finishes } = await record(namespace);
    const { job, pod } = await reportingJob(admin, await startKubelet(admin), scan, GOOD);
    const ends = await finishes(job);
    await postAll(functions, ends);
    expect(await statusOf(admin, scan)).toMatchObject({ phase: 'Completed', compliantArtifact: ARTIFACT });
    const before = await bytesOf(admin, scan);
    const path = `/api/v1/namespaces/${namespace}/pods/${pod}`;
    await admin.send('DELETE', `${path}?gracePeriodSeconds=0`);
    await eventually(async () => (await admin.get(path)).code === 404);
    expect(await postAll(functions, ends)).toEqual(ends.map(() => 200));
    expect(await bytesOf(admin, scan)).toBe(before);
  });

  it('is judged with no more rights than the accounts of the functions have', async () => {
    await installFunctions(admin, namespace);
    await install('rbac/namespace/pod-logs', '-n', namespace);
    const compiling = await accounts.working('compile-policy');
    const policy = readEvent(objectEvent(await applyPolicy(namespace, denying())));
    expect(await compiling.handle(policy, scope)).toMatchObject({ outcome: 'applied' });

    const scan = await newScan(admin, namespace);
    const { finishes } = await record(namespace);
    const { job } = await reportingJob(admin, await startKubelet(admin), scan, BAD);
    const [end] = await finishes(job);
    const message = { headers: Object.entries(end?.headers ?? {}), body: String(end?.body) };
    const finishing = { store: await accounts.store('job-finished'), scope };
    const evaluating = [await accounts.working('evaluate-policy')];
    const [finished] = (await receive(message, [jobFinished], finishing)).received;
    const [evaluated] = (await receive(message, evaluating, finishing)).received;
    const emitted = { mode: 'batch' as const, envelopes: evaluated?.emits ?? [] };
    const judging = { store: await accounts.store('policy-evaluated'), scope };
    const [judged] = (await receive(emitted, [policyEvaluated], judging)).received;
    expect([finished, evaluated, judged]).toMatchObject(Array(3).fill({ outcome: 'applied' }));
    expect(await statusOf(admin, scan)).toMatchObject({ phase: 'Failed', cveCount: COUNT });
  });
});

describe('a report that is ready', () => {
  const configMap = async (data: JsonObject): Promise<string> => {
    const object = { metadata: { generateName: 'report-' }, ...data };
    const { code, body } = await admin.create(`/api/v1/namespaces/${namespace}/configmaps`, object);
    expect(code).toBe(201);
    return String((body.metadata as JsonObject).name);
  };

  it('is judged from the event itself, and from a ConfigMap of the namespace', async () => {
    const functions = await start(namespace);
    await functions.compile(denying());
    const places: readonly JsonObject[] = [
      { inline: BAD, format: 'cyclonedx-json' },
      { inline: Buffer.from(BAD).toString('base64'), encoding: 'base64' },
      { configMap: { name: await configMap({ data: { report: BAD } }), key: 'report' } },
      { configMap: { name: await configMap({ binaryData: { report: btoa(BAD) } }), key: 'report' } },
    ];
    for (const report of places) {
      const scan = await newScan(admin, namespace);
      const ref = await refOf(admin, scan);
      expect((await functions.post(reportReady(ref, report))).status).toBe(200);
      expect(await statusOf(admin, scan)).toMatchObject({
        phase: 'Failed',
        cveCount: COUNT,
        conditions: [{ type: 'PolicySucceeded', status: 'False', lastTransitionTime: '2026-11-23T00:00:09Z' }],
        runs: [{ uid: 'run-1' }],
      });
    }
  });

  it('changes nothing of a scan that names no policy', async () => {
    const functions = await start(namespace);
    const scan = await newScan(admin, namespace, 'SourceScan');
    const before = await bytesOf(admin, scan);
    expect((await functions.post(reportReady(await refOf(admin, scan), { inline: BAD }))).status).toBe(204);
    expect(await bytesOf(admin, scan)).toBe(before);
  });

  it('of a scan that was recreated changes nothing of the one there is now', async () => {
    const functions = await start(namespace);
    await functions.compile(denying());
    const scan = await newScan(admin, namespace);
    const before = await bytesOf(admin, scan);
    const earlier = { ...(await refOf(admin, scan)), uid: 'an-earlier-life' };
    expect((await functions.post(reportReady(earlier, { inline: BAD }))).status).toBe(204);
    expect(await bytesOf(admin, scan)).toBe(before);
  });
});

describe('a policy that cannot judge', () => {
  const unknown = async (scan: string): Promise<unknown> => {
    const { PolicySucceeded: condition } = await conditionsOf(scan);
    expect(condition).toMatchObject({ status: 'Unknown', reason: 'Error', message: 'An error has occurred' });
    expect(await statusOf(admin, scan)).toMatchObject({ phase: 'Error' });
    return condition?.error;
  };
  const passes = async (scan: string): Promise<void> =>
    expect(await conditionsOf(scan)).toMatchObject({ PolicySucceeded: { status: 'True' } });

  it('because it does not compile shows the words of the compiler, until it is mended', async () => {
    const functions = await start(namespace);
    await functions.compile('package scan\n\nviolations contains missing(input)\n');
    const scan = await newScan(admin, namespace);
    const event = reportReady(await refOf(admin, scan), { inline: GOOD });
    expect((await functions.post(event)).status).toBe(200);
    expect(await unknown(scan)).toBe(
      `ScanPolicy ${namespace}/policy does not compile: policy.rego:3:21: rego_type_error: undefined function missing`,
    );
    await functions.compile(denying());
    expect((await functions.post(event)).status).toBe(200);
    await passes(scan);
  });

  it('because there is none says so, until there is', async () => {
    const functions = await start(namespace);
    const scan = await newScan(admin, namespace);
    const event = reportReady(await refOf(admin, scan), { inline: GOOD });
    expect((await functions.post(event)).status).toBe(200);
    expect(await unknown(scan)).toBe(`there is no ScanPolicy ${namespace}/policy`);
    await functions.compile(denying());
    expect((await functions.post(event)).status).toBe(200);
    await passes(scan);
  });

  it('because it is not compiled yet leaves the event with its sender until it is', async () => {
    const functions = await start(namespace);
    const scan = await newScan(admin, namespace);
    const event = reportReady(await refOf(admin, scan), { inline: GOOD });
    const policy = await applyPolicy(namespace, denying());
    const early = await functions.post(event);
    expect({ ...early, body: JSON.parse(early.body) }).toMatchObject({
      status: 503,
      headers: { 'retry-after': '5' },
      body: { detail: expect.stringContaining(`ScanPolicy ${namespace}/policy is not compiled yet`) },
    });
    expect(await statusOf(admin, scan)).not.toHaveProperty('phase');
    expect((await functions.post(objectEvent(policy))).status).toBe(204);
    expect((await functions.post(event)).status).toBe(200);
    await passes(scan);
  });

  it('because it was changed and is not compiled again yet does not judge as it was before', async () => {
    const functions = await start(namespace);
    const scan = await newScan(admin, namespace);
    await functions.compile(denying(CRITICAL));
    await applyPolicy(namespace, denying());
    const event = reportReady(await refOf(admin, scan), { inline: BAD });
    expect((await functions.post(event)).status).toBe(503);
    expect(await statusOf(admin, scan)).not.toHaveProperty('phase');
  });
});
