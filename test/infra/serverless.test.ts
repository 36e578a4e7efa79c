/** What `npm run package` makes: the artifacts, and a template that CloudFormation installs as it stands. */
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { readEvent } from '../../shared/events/event.ts';
import { LONGEST_HIDDEN, secondsHidden } from '../../shared/runtime/visibility.ts';
import { filledIn } from '../support/scheduled-ticks.ts';
import { FUNCTION_FOLDERS, type Packaged, packages } from '../support/serverless-package.ts';
import { idOf, ofType } from '../support/serverless-template.ts';

// The machine may be busy.
jest.setTimeout(60_000);

const DAY = 86_400;
const pack = packages();
let packaged: Packaged;
beforeAll(() => {
  packaged = pack('cluster=shop', 'alarmTopicArn=arn:aws:sns:eu-central-1:123456789012:on-call');
});

const one = <Properties = JsonObject>(type: string, id: string): Properties => {
  const found = ofType<Properties>(packaged.template, type).get(id);
  if (found === undefined) throw new Error(`there is no ${type} ${id}`);
  return found;
};

interface Lambda {
  readonly FunctionName: string;
  readonly Handler: string;
  readonly Timeout: number;
  readonly ReservedConcurrentExecutions: number;
  readonly Environment: { readonly Variables: JsonObject };
  readonly Layers?: readonly string[];
}

const lambdas = (of = packaged): ReadonlyMap<string, Lambda> =>
  new Map(
    [...ofType<Lambda>(of.template, 'AWS::Lambda::Function').values()].map((lambda) => [
      lambda.Handler.split('/')[2] ?? '',
      lambda,
    ]),
  );

const lambdaOf = (name: string, of = packaged): Lambda => {
  const found = lambdas(of).get(name);
  if (found === undefined) throw new Error(`there is no function ${name}`);
  return found;
};

interface Queue {
  readonly QueueName: string;
  readonly VisibilityTimeout: number;
  readonly MessageRetentionPeriod: number;
  readonly SqsManagedSseEnabled: boolean;
  readonly RedrivePolicy: { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number };
  readonly RedriveAllowPolicy: JsonObject;
}

const queueOf = (name: string) => one<Queue>('AWS::SQS::Queue', `${idOf(name)}Queue`);
const deadLettersOf = (name: string) => one<Queue>('AWS::SQS::Queue', `${idOf(name)}DeadLetters`);

interface Schedule {
  readonly State: string;
  readonly Target: { readonly Input: string };
}

interface Mapping {
  readonly EventSourceArn: string;
  readonly BatchSize: number;
  readonly MaximumBatchingWindowInSeconds: number;
  readonly FunctionResponseTypes: readonly string[];
  readonly ScalingConfig: { readonly MaximumConcurrency: number };
  readonly Enabled: boolean;
}

const mappingOf = (name: string, of = packaged): Mapping => {
  const all = [...ofType<Mapping>(of.template, 'AWS::Lambda::EventSourceMapping').values()];
  const found = all.filter(({ EventSourceArn }) => EventSourceArn === `${idOf(name)}Queue.Arn`);
  if (found.length !== 1) throw new Error(`${name} has ${found.length} event sources`);
  return found[0] as Mapping;
};

describe('the package', () => {
  it('has every function of the project, and no other', () => {
    expect([...lambdas().keys()].sort()).toEqual(FUNCTION_FOLDERS.toSorted());
  });

  it.each(FUNCTION_FOLDERS)('holds of %s what is run, and nothing else', (name) => {
    const folder = `dist/lambda/${name}`;
    expect(packaged.filesOf(name).toSorted()).toEqual([`${folder}/chunk-A1.mjs`, `${folder}/index.mjs`]);
  });
});

/** What alert tells is in its events: it keeps no scan, and reaches no cluster. */
const storeOf = (name: string): JsonObject =>
  name === 'alert'
    ? { SCAN_STORE: 'embedded', SCAN_STORE_PATH: ':memory:', EKS_CLUSTER_NAME: '' }
    : { SCAN_STORE: 'kubernetes', EKS_CLUSTER_NAME: 'shop' };

describe.each(FUNCTION_FOLDERS)('%s', (name) => {
  it('runs on Node 24 for arm64, is traced, and leaves others their concurrency', () => {
    expect(lambdaOf(name)).toMatchObject({
      Handler: `dist/lambda/${name}/index.handler`,
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      TracingConfig: { Mode: 'Active' },
      ReservedConcurrentExecutions: expect.any(Number),
      Environment: { Variables: { SCAN_CLUSTER: 'shop', ...storeOf(name) } },
    });
  });

  it('takes from its queue, says which messages failed, and is never asked for more than it may run', () => {
    const { FunctionResponseTypes, ScalingConfig, BatchSize } = mappingOf(name);
    expect(FunctionResponseTypes).toEqual(['ReportBatchItemFailures']);
    expect(BatchSize).toBeGreaterThanOrEqual(1);
    // A message that Lambda takes and cannot start a function for counts as received.
    expect(ScalingConfig.MaximumConcurrency).toBeLessThanOrEqual(lambdaOf(name).ReservedConcurrentExecutions);
  });

  it('has a queue that hides a message for six times as long as the function may take', () => {
    const { Timeout } = lambdaOf(name);
    const { MaximumBatchingWindowInSeconds } = mappingOf(name);
    expect(queueOf(name).VisibilityTimeout).toBe(6 * Timeout + MaximumBatchingWindowInSeconds);
  });

  it('has a queue that gives nothing up within a day without an API server', () => {
    const { VisibilityTimeout, RedrivePolicy, MessageRetentionPeriod } = queueOf(name);
    const { maxReceiveCount } = RedrivePolicy;
    const longest = Array.from({ length: maxReceiveCount - 1 }, (_, at) => secondsHidden(at + 1, 1 - Number.EPSILON));
    const mean = longest.reduce((sum, bound) => sum + (1 + bound) / 2, 0);
    const deviation = Math.sqrt(longest.reduce((sum, bound) => sum + (bound ** 2 - 1) / 12, 0));
    expect(mean - 6 * deviation).toBeGreaterThan(DAY);
    // Where the function itself fails, nobody raises what hides the message.
    expect(maxReceiveCount * VisibilityTimeout).toBeGreaterThan(DAY);
    // A message that SQS lets go of for its age is lost without a word.
    expect(MessageRetentionPeriod).toBeGreaterThan(maxReceiveCount * Math.max(VisibilityTimeout, LONGEST_HIDDEN));
  });

  it('has a queue for dead letters, which keeps them for two weeks and takes none but its own', () => {
    const { QueueName, RedrivePolicy, RedriveAllowPolicy } = queueOf(name);
    expect(RedrivePolicy.deadLetterTargetArn).toBe(`${idOf(name)}DeadLetters.Arn`);
    expect(RedriveAllowPolicy).toEqual({ redrivePermission: 'denyAll' });
    expect(deadLettersOf(name).MessageRetentionPeriod).toBe(14 * DAY);
    expect(deadLettersOf(name).RedriveAllowPolicy).toEqual({
      redrivePermission: 'byQueue',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is CloudFormation that fills it in.
      sourceQueueArns: [`${'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:'}${QueueName}`],
    });
  });

  it('keeps its log for a month, and counts in it what Lambda takes for a success', () => {
    const groups = [...ofType(packaged.template, 'AWS::Logs::LogGroup').values()];
    expect(groups).toContainEqual({ LogGroupName: `/aws/lambda/${lambdaOf(name).FunctionName}`, RetentionInDays: 30 });
    expect(one('AWS::Logs::MetricFilter', `${idOf(name)}Rejected`)).toMatchObject({
      FilterPattern: '{ ($.outcome = "rejected") || ($.outcome = "refused") }',
      MetricTransformations: [{ MetricNamespace: 'ScanStatus', MetricName: `scan-status-prod-${name}-rejected` }],
    });
    expect(one('AWS::Logs::MetricFilter', `${idOf(name)}Unavailable`)).toMatchObject({
      FilterPattern: '{ ($.outcome = "unavailable") }',
    });
  });

  const queue = (id: string) => [{ Name: 'QueueName', Value: `${idOf(name)}${id}.QueueName` }];
  const own = [{ Name: 'FunctionName', Value: `scan-status-prod-${name}` }];
  it.each([
    ['OldMessage', 'AWS/SQS', 'ApproximateAgeOfOldestMessage', 900, queue('Queue')],
    ['DeadLetters', 'AWS/SQS', 'ApproximateNumberOfMessagesVisible', 0, queue('DeadLetters')],
    ['Errors', 'AWS/Lambda', 'Errors', 0, own],
    ['Throttles', 'AWS/Lambda', 'Throttles', 0, own],
    ['Rejected', 'ScanStatus', `scan-status-prod-${name}-rejected`, 0, undefined],
    ['Unavailable', 'ScanStatus', `scan-status-prod-${name}-unavailable`, 0, undefined],
  ])('calls people for %s', (what, Namespace, MetricName, Threshold, Dimensions) => {
    const alarm = one('AWS::CloudWatch::Alarm', `${idOf(name)}${what}Alarm`);
    expect(alarm).toMatchObject({
      Namespace,
      MetricName,
      Threshold,
      ComparisonOperator: 'GreaterThanThreshold',
      AlarmActions: ['arn:aws:sns:eu-central-1:123456789012:on-call'],
    });
    expect(alarm.Dimensions).toEqual(Dimensions);
  });
});

describe('what alert remembers', () => {
  it('is in a table that forgets by itself, and can be had back as it was', () => {
    const attribute = (AttributeName: string, AttributeType: string) => ({ AttributeName, AttributeType });
    const key = (AttributeName: string, KeyType: string) => ({ AttributeName, KeyType });
    expect(one('AWS::DynamoDB::Table', 'AlertTable')).toEqual({
      TableName: 'scan-status-prod-alerts',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [key('key', 'HASH')],
      AttributeDefinitions: [attribute('key', 'S'), attribute('pending', 'S'), attribute('dueAt', 'N')],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'due',
          KeySchema: [key('pending', 'HASH'), key('dueAt', 'RANGE')],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
      TimeToLiveSpecification: { AttributeName: 'forgetAt', Enabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
  });

  it('is looked at each minute, where anybody is told at all', () => {
    const ticks = (of: Packaged) => ofType<Schedule>(of.template, 'AWS::Scheduler::Schedule').get('AlertTicks');
    const told = pack('alertsLayerArn=arn:aws:lambda:eu-central-1:123456789012:layer:alerts:1');
    expect(ticks(packaged)?.State).toBe('DISABLED');
    expect(ticks(told)).toMatchObject({
      State: 'ENABLED',
      ScheduleExpression: 'rate(1 minute)',
      Target: { Arn: 'AlertQueue.Arn', RoleArn: 'AlertTicksRole.Arn' },
    });
    const event = readEvent(JSON.parse(filledIn(String(ticks(told)?.Target.Input))));
    expect(event).toMatchObject({ type: 'dev.scanstatus.alerts-due.v1', time: '2025-06-01T10:00:00Z' });
  });
});

describe('the bus', () => {
  it('keeps its events for replays', () => {
    expect(one('AWS::Events::Archive', 'Archive')).toMatchObject({ SourceArn: 'Bus.Arn', RetentionDays: 30 });
  });

  it('tries for a day to deliver an event, and keeps what it could not', () => {
    const rules = [...ofType<{ readonly Targets: readonly JsonObject[] }>(packaged.template, 'AWS::Events::Rule')];
    expect(rules.length).toBeGreaterThan(0);
    for (const [, { Targets }] of rules)
      expect(Targets[0]).toMatchObject({
        RetryPolicy: { MaximumEventAgeInSeconds: DAY, MaximumRetryAttempts: 185 },
        DeadLetterConfig: { Arn: 'Undelivered.Arn' },
      });
    expect(one<Queue>('AWS::SQS::Queue', 'Undelivered').MessageRetentionPeriod).toBe(14 * DAY);
    expect(one('AWS::CloudWatch::Alarm', 'UndeliveredAlarm')).toMatchObject({ Threshold: 0 });
  });
});

describe('what is not said', () => {
  it('is asked of nobody: no alarm calls, no layer is taken, compile-policy waits for its compiler, and alert for who is to be told', () => {
    const plain = pack();
    const alarms = [...ofType(plain.template, 'AWS::CloudWatch::Alarm').values()];
    expect(alarms.filter((alarm) => 'AlarmActions' in alarm)).toEqual([]);
    for (const name of FUNCTION_FOLDERS) expect(lambdaOf(name, plain).Layers ?? []).toEqual([]);
    for (const name of ['compile-policy', 'alert']) expect(mappingOf(name, plain).Enabled).toBe(false);
    expect(ofType(plain.template, 'AWS::Events::Rule').get('AlertCloudEvents')?.State).toBe('DISABLED');
    expect(ofType(plain.template, 'AWS::Events::Rule').get('CompilePolicyObjects')?.State).toBe('DISABLED');
    expect(lambdaOf('policy-evaluated', plain).Environment.Variables.VERDICT_KEYS).toBe('');
  });

  it('is given where it is said, to the function that needs it and to no other', () => {
    const arn = (name: string) => `arn:aws:lambda:eu-central-1:123456789012:layer:${name}:1`;
    const full = pack(
      `opaLayerArn=${arn('opa')}`,
      `verdictKeyLayerArn=${arn('private')}`,
      `verdictKeysLayerArn=${arn('public')}`,
      `alertsLayerArn=${arn('alerts')}`,
    );
    expect(Object.fromEntries(FUNCTION_FOLDERS.map((name) => [name, lambdaOf(name, full).Layers]))).toMatchObject({
      'job-started': undefined,
      'job-finished': undefined,
      'evaluate-policy': [arn('private')],
      'policy-evaluated': [arn('public')],
      'compile-policy': [arn('opa')],
      alert: [arn('alerts')],
    });
    expect(lambdaOf('evaluate-policy', full).Environment.Variables.VERDICT_KEY).toBe('/opt/verdict-key.pem');
    expect(lambdaOf('policy-evaluated', full).Environment.Variables.VERDICT_KEYS).toBe('/opt/verdict-keys.pem');
    expect(lambdaOf('compile-policy', full).Environment.Variables.OPA_BIN).toBe('/opt/bin/opa');
    expect(lambdaOf('alert', full).Environment.Variables.ALERTS_CONFIG).toBe('/opt/alerts.yaml');
    for (const name of ['compile-policy', 'alert']) expect(mappingOf(name, full).Enabled).toBe(true);
    expect(ofType(full.template, 'AWS::Events::Rule').get('CompilePolicyObjects')?.State).toBe('ENABLED');
  });
});
