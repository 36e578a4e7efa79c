/** The package as it would be deployed: linted, and run from its queues, with a real API server behind it. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ScanRef } from '../../shared/conditions/facts.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { openEmbeddedStore } from '../../shared/scans/embedded.ts';
import { finishedEvent } from '../support/http-messages.ts';
import { poll } from '../support/lambda-poller.ts';
import { layoutRequests, TRUTH, webhookRequests } from '../support/recorded.ts';
import { filledIn } from '../support/scheduled-ticks.ts';
import { FUNCTION_FOLDERS } from '../support/serverless-package.ts';
import { type FunctionProcess, startFunction } from '../support/serverless-process.ts';
import { idOf, ofType } from '../support/serverless-template.ts';
import { statuses } from '../support/statuses.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { kubectl } from './support/cluster.ts';
import { awsEnvironmentOf, type EmulatedAws, emulateAws } from './support/emulated-aws.ts';
import { applyPolicy, BAD, CRITICAL, denying, objectEvent, refOf, reportReady } from './support/judged-scans.ts';
import { startMoto } from './support/moto.ts';
import { type PackagedFunctions, packageFunctions } from './support/packaged-functions.ts';
import { pythonWith } from './support/python.ts';
import { createRecordedScans } from './support/recorded-scans.ts';
import { eventually, install, newNamespace, newScan } from './support/scans.ts';
import { startOffline } from './support/serverless-offline.ts';
import { startWebhook, type ToldWebhook } from './support/told-webhook.ts';

// The machine may be busy.
jest.setTimeout(120_000);

const admin = apiOf(cluster());
const layerOf = (name: string): string => `arn:aws:lambda:eu-central-1:123456789012:layer:${name}:1`;

let packaged: PackagedFunctions;
beforeAll(() => {
  packaged = packageFunctions(
    'cluster=shop',
    'alarmTopicArn=arn:aws:sns:eu-central-1:123456789012:on-call',
    `opaLayerArn=${layerOf('opa')}`,
    `verdictKeyLayerArn=${layerOf('verdict-key')}`,
    `verdictKeysLayerArn=${layerOf('verdict-keys')}`,
    `alertsLayerArn=${layerOf('alerts')}`,
  );
}, 600_000);
afterAll(() => rmSync(packaged.folder, { recursive: true }));

/** The framework itself says twice that a function needs its role before it is made. */
const TOLERATED = 'W3005';

const linter = pythonWith({ name: 'cfn-lint', version: '1.58.0' });

(linter === undefined ? describe.skip : describe)('the template', () => {
  /** It has no module that Python runs by name, and its script names the folder that it was installed into. */
  const RUN = 'import sys; from cfnlint.runner import main; sys.exit(main())';

  const lint = async (file: string): Promise<{ readonly code: unknown; readonly said: string }> => {
    const args = ['-c', RUN, '--ignore-checks', TOLERATED, '--regions', 'eu-central-1', '--', file];
    try {
      return { code: 0, said: (await promisify(execFile)(String(linter), args)).stdout };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string };
      return { code, said: stdout + stderr };
    }
  };

  it('is one that cfn-lint has nothing to say about', async () => {
    expect(await lint(packaged.templateFile)).toEqual({ code: 0, said: '' });
  });

  it('is read by cfn-lint, which finds what is wrong', async () => {
    const file = join(packaged.folder, 'mistaken.json');
    writeFileSync(file, readFileSync(packaged.templateFile, 'utf8').replace('PAY_PER_REQUEST', 'PAY_NOBODY'));
    expect((await lint(file)).said).toContain("'PAY_NOBODY' is not one of");
  });
});

describe('the groups of the functions’ roles', () => {
  const GROUP = 'scanning.apps.tanzu.vmware.com';

  it('may do in a namespace what the functions’ accounts may, and nothing elsewhere', async () => {
    const [namespace, other] = [await newNamespace(admin, 'lambda'), await newNamespace(admin, 'lambda')];
    await install('rbac/accounts');
    await install('aws/rbac/namespace', '-n', namespace);
    const can = async (group: string, verb: string, what: string, where: string): Promise<boolean> => {
      const as = ['--as=arn:aws:sts::123456789012:assumed-role/any', `--as-group=scan-status-${group}`];
      // What stands behind a slash would be taken for a name.
      const [resource = '', subresource] = what.split('/');
      const of = subresource === undefined ? [] : [`--subresource=${subresource}`];
      return (await kubectl(cluster(), ['auth', 'can-i', verb, resource, ...of, '-n', where, ...as])).code === 0;
    };
    await eventually(() => can('compile-policy', 'create', 'configmaps', namespace));
    expect(await can('job-started', 'patch', `imagescans.${GROUP}/start`, namespace)).toBe(true);
    expect(await can('job-started', 'patch', `imagescans.${GROUP}/finish`, namespace)).toBe(false);
    expect(await can('job-finished', 'patch', `sourcescans.${GROUP}/finish`, namespace)).toBe(true);
    expect(await can('policy-evaluated', 'patch', `imagescans.${GROUP}/verdict`, namespace)).toBe(true);
    expect(await can('evaluate-policy', 'get', `scanpolicies.${GROUP}`, namespace)).toBe(true);
    expect(await can('job-started', 'get', `imagescans.${GROUP}`, other)).toBe(false);
  });
});

const moto = await startMoto();

(moto === undefined ? describe.skip : describe)('the packaged functions, polled from their queues', () => {
  let aws: EmulatedAws;
  let webhook: ToldWebhook;
  const functions = new Map<string, FunctionProcess>();

  interface Lambda {
    readonly Handler: string;
    readonly FunctionName: string;
    readonly Environment: { readonly Variables: Readonly<Record<string, string>> };
  }

  interface Schedule {
    readonly Target: { readonly Input: string };
  }

  /** What a layer would hold, and a cluster that is not EKS. */
  const environmentOf = ({ FunctionName, Environment }: Lambda, files: string): Readonly<Record<string, string>> => {
    const {
      EVENT_BUS_NAME,
      EKS_CLUSTER_NAME: _,
      VERDICT_KEY,
      VERDICT_KEYS,
      OPA_BIN,
      ALERTS_CONFIG,
      ...others
    } = Environment.Variables;
    return {
      ...others,
      ...(EVENT_BUS_NAME && { EVENT_BUS_NAME: aws.busName }),
      ...(VERDICT_KEY && { VERDICT_KEY: join(files, 'verdict-key.pem') }),
      ...(VERDICT_KEYS && { VERDICT_KEYS: join(files, 'verdict-keys.pem') }),
      ...(OPA_BIN && { OPA_BIN: String(process.env.OPA_BIN) }),
      ...(ALERTS_CONFIG && { ALERTS_CONFIG: join(files, 'alerts.yaml') }),
      KUBECONFIG: cluster().kubeconfig,
      AWS_LAMBDA_FUNCTION_NAME: FunctionName,
      ...awsEnvironmentOf(String(moto?.url)),
    };
  };

  const writeKeys = (files: string): void => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(join(files, 'verdict-key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(join(files, 'verdict-keys.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
  };

  beforeAll(async () => {
    const files = join(packaged.folder, 'layers');
    mkdirSync(files);
    writeKeys(files);
    aws = await emulateAws(packaged.template, String(moto?.url));
    const [table] = ofType(packaged.template, 'AWS::DynamoDB::Table').values();
    webhook = await startWebhook(files, String(table?.TableName));
    const lambdas = [...ofType<Lambda>(packaged.template, 'AWS::Lambda::Function').values()];
    for (const name of FUNCTION_FOLDERS) {
      const lambda = lambdas.find(({ Handler }) => Handler.includes(`/${name}/`));
      if (lambda === undefined) throw new Error(`${name} is not deployed`);
      const deployed = {
        artifact: packaged.artifactOf(name),
        handler: lambda.Handler,
        environment: environmentOf(lambda, files),
      };
      functions.set(name, await startFunction(join(packaged.folder, 'running', name), deployed));
    }
  });
  afterAll(async () => {
    await Promise.all([...functions.values()].map(({ stop }) => stop()));
    aws?.close();
    await webhook?.close();
    await moto?.stop();
  });

  const batchSizes = (): ReadonlyMap<string, number> =>
    new Map(
      [
        ...ofType<{ EventSourceArn: string; BatchSize: number }>(
          packaged.template,
          'AWS::Lambda::EventSourceMapping',
        ).values(),
      ].map(({ EventSourceArn, BatchSize }) => [EventSourceArn.replace('.Arn', ''), BatchSize]),
    );

  const pollAll = async (): Promise<void> => {
    await Promise.all(
      [...functions].map(([name, { invoke }]) => {
        const id = `${idOf(name)}Queue`;
        return poll(aws.sqs, { ...aws.queue(id), batchSize: batchSizes().get(id) ?? 1 }, invoke);
      }),
    );
  };

  /** Polls all queues until they are empty, but for so many messages that nobody can take. */
  const drain = (kept: Readonly<Record<string, number>> = {}): Promise<void> =>
    eventually(async () => {
      await pollAll();
      const left = await Promise.all(FUNCTION_FOLDERS.map((name) => aws.left(`${idOf(name)}Queue`)));
      return left.every(
        ([waiting, hidden], at) => waiting === 0 && hidden === (kept[String(FUNCTION_FOLDERS[at])] ?? 0),
      );
    }, 60_000);

  it('give the truth of what was recorded, over whichever way it comes', async () => {
    const scans = await createRecordedScans(admin);
    const here = ({ body }: { readonly body: string }): string => scans.here(body);

    const QUEUES = {
      'dev.scanstatus.job-started.v1': 'JobStartedQueue',
      'dev.scanstatus.job-finished.v1': 'JobFinishedQueue',
    };
    for (const [at, body] of layoutRequests.map(here).entries()) {
      const { type } = JSON.parse(body) as { readonly type: keyof typeof QUEUES };
      // The exporter's receivers of SQS, and of EventBridge.
      if (at % 2 === 0) await aws.send(QUEUES[type], body);
      else await aws.put(JSON.parse(body));
    }
    for (const body of webhookRequests.map(here)) await aws.put(JSON.parse(body));
    await drain();

    expect(await scans.told()).toEqual(TRUTH);
  });

  it('compile a policy, evaluate it, sign the verdict, believe it and write it', async () => {
    const namespace = await newNamespace(admin, 'lambda');
    await aws.put(objectEvent(await applyPolicy(namespace, denying())));
    await drain();
    const path = await newScan(admin, namespace);
    await aws.put(reportReady(await refOf(admin, path), { inline: BAD }));
    await drain();
    const { conditions } = (await admin.get(path)).body.status as { readonly conditions: readonly JsonObject[] };
    expect(conditions).toMatchObject([
      {
        type: 'PolicySucceeded',
        status: 'False',
        reason: 'EvaluationFailed',
        message: `Vulnerabilities that failed OPA policy: ${CRITICAL}`,
      },
    ]);
  });

  it('tell who asked for it that a scan failed, once, and that it is well again', async () => {
    const namespace = await newNamespace(admin, 'lambda');
    const path = await newScan(admin, namespace);
    const { uid } = await refOf(admin, path);
    const finished = (run: string, at: string, more: JsonObject): JsonObject => {
      const event = finishedEvent({ namespace, name: String(path.split('/').at(-1)), uid, run, at });
      return { ...event, data: { ...(event.data as JsonObject), ...more } };
    };
    const failed = finished('run-1', '2025-06-01T10:00:00Z', { outcome: 'failed', reason: 'BackoffLimitExceeded' });
    const told = () =>
      webhook.told
        .map(({ data }) => data as JsonObject)
        .filter(({ scan, condition }) => (scan as ScanRef).uid === uid && condition === 'Succeeded');
    for (let times = 0; times < 2; times += 1) {
      await aws.put(failed);
      await drain();
      expect(told()).toMatchObject([{ status: 'firing', rule: 'scan-failed', condition: 'Succeeded', to: 'False' }]);
    }
    await aws.put(finished('run-2', '2025-06-01T11:00:00Z', { outcome: 'complete' }));
    await drain();
    expect(told().map(({ status }) => status)).toEqual(['firing', 'resolved']);
    expect(new Set(told().map(({ key }) => key)).size).toBe(1);
  });

  it('look at what is due on each tick', async () => {
    const [schedule] = ofType<Schedule>(packaged.template, 'AWS::Scheduler::Schedule').values();
    await aws.send('AlertQueue', filledIn(String(schedule?.Target.Input)));
    await drain();
    const lines = String(functions.get('alert')?.log()).split('\n');
    expect(lines.filter((line) => line.includes('alerts-due')).map((line) => JSON.parse(line).outcome)).toEqual([
      'applied',
    ]);
  });

  it('leave in the queue what nobody can take, and say so where the alarm listens', async () => {
    await aws.send('JobStartedQueue', '{"specversion":"1.0","id":"broken"}');
    await drain({ 'job-started': 1 });
    const lines = String(functions.get('job-started')?.log())
      .split('\n')
      .filter((line) => line.startsWith('{'));
    expect(lines.map((line) => JSON.parse(line).outcome)).toContain('rejected');
  });
});

(moto === undefined ? describe.skip : describe)('the functions on this machine', () => {
  it('are polled by serverless-offline from an emulator’s queues, and tell the truth of what was recorded', async () => {
    // Whose Job the deleted one was, these messages no longer knew.
    const { 'team-search/ImageScan/indexer-image': _, ...truth } = TRUTH;
    const emulator = await startMoto();
    const path = join(packaged.folder, 'offline.db');
    const offline = await startOffline(String(emulator?.url), { SCAN_STORE_PATH: path });
    try {
      for (const { body } of layoutRequests) {
        const { type } = JSON.parse(body) as { readonly type: string };
        await offline.send(type.split('.')[2] ?? '', body);
      }
      let found: Readonly<Record<string, JsonObject>> = {};
      const look = async (): Promise<boolean> => {
        const store = await openEmbeddedStore({ path, maximum: 100 });
        found = await statuses(store);
        store.close();
        return Object.entries(truth).every(([scan, { phase }]) => found[scan]?.phase === phase);
      };
      await eventually(look, 60_000).catch(() => expect(offline.said()).toBe('that all was done'));
      expect(found).toMatchObject(truth);
    } finally {
      await offline.stop();
      await emulator?.stop();
    }
  });
});
