/** What the packaged template lets whom do: each function its own part, and queues take from the rules alone. */
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { FUNCTION_FOLDERS, packages } from '../support/serverless-package.ts';
import { idOf, ofType, type Template } from '../support/serverless-template.ts';

// The machine may be busy.
jest.setTimeout(60_000);

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

interface PolicyDocument {
  readonly Statement: readonly Statement[];
}

interface Role {
  readonly AssumeRolePolicyDocument: PolicyDocument;
  readonly Policies: readonly { readonly PolicyDocument: PolicyDocument }[];
  readonly ManagedPolicyArns?: readonly string[];
}

interface QueuePolicy {
  readonly Queues: readonly string[];
  readonly PolicyDocument: PolicyDocument;
}

const pack = packages();
let template: Template;
beforeAll(() => {
  ({ template } = pack('cluster=shop'));
});

const EMITTING = ['job-started', 'job-finished', 'evaluate-policy', 'policy-evaluated'];

/** X-Ray knows no resources. */
const WITHOUT_RESOURCE = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];

const logGroupOf = (name: string): string =>
  `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll('-', 'Dash')}LogGroup.Arn`;

/** Those that reach the cluster: what alert tells is in its events. */
const IN_CLUSTER = FUNCTION_FOLDERS.filter((name) => name !== 'alert');

/** What alert may do with what it remembers. */
const REMEMBERS = {
  'dynamodb:GetItem': 'AlertTable.Arn',
  'dynamodb:PutItem': 'AlertTable.Arn',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is CloudFormation that fills it in.
  'dynamodb:Query': '${AlertTable.Arn}/index/due',
};

/** Right and resource, of all that a function may do. */
const rightsOf = (name: string): Readonly<Record<string, unknown>> => ({
  'logs:CreateLogStream': logGroupOf(name),
  'logs:PutLogEvents': logGroupOf(name),
  'sqs:ReceiveMessage': `${idOf(name)}Queue.Arn`,
  'sqs:DeleteMessage': `${idOf(name)}Queue.Arn`,
  'sqs:GetQueueAttributes': `${idOf(name)}Queue.Arn`,
  'sqs:ChangeMessageVisibility': `${idOf(name)}Queue.Arn`,
  ...(IN_CLUSTER.includes(name) && {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is CloudFormation that fills it in.
    'eks:DescribeCluster': 'arn:${AWS::Partition}:eks:${AWS::Region}:${AWS::AccountId}:cluster/shop',
  }),
  ...(name === 'alert' && REMEMBERS),
  ...(EMITTING.includes(name) && { 'events:PutEvents': 'Bus.Arn' }),
  ...Object.fromEntries(WITHOUT_RESOURCE.map((action) => [action, '*'])),
});

const roleOf = (name: string): Role => {
  const role = ofType<Role>(template, 'AWS::IAM::Role').get(`${idOf(name)}Role`);
  if (role === undefined) throw new Error(`${name} has no role`);
  return role;
};

describe.each(FUNCTION_FOLDERS)('%s', (name) => {
  it('may do what it must, with what is its own', () => {
    const statements = roleOf(name).Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    expect(statements.map(({ Effect }) => Effect)).toEqual(statements.map(() => 'Allow'));
    const rights = statements.flatMap(({ Action, Resource }) => [Action].flat().map((action) => [action, Resource]));
    expect(Object.fromEntries(rights)).toEqual(rightsOf(name));
    expect(rights).toHaveLength(Object.keys(rightsOf(name)).length);
    expect(roleOf(name).ManagedPolicyArns).toBeUndefined();
  });

  it('is the only one that has its role', () => {
    const holders = [...ofType(template, 'AWS::Lambda::Function').values()].filter(
      ({ Role: role }) => role === `${idOf(name)}Role.Arn`,
    );
    expect(holders.map(({ Handler }) => Handler)).toEqual([`dist/lambda/${name}/index.handler`]);
    expect(roleOf(name).AssumeRolePolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ]);
  });

  it('is a group of its own in the cluster, or nobody there', () => {
    const entry = ofType(template, 'AWS::EKS::AccessEntry').get(`${idOf(name)}AccessEntry`);
    if (!IN_CLUSTER.includes(name)) return expect(entry).toBeUndefined();
    return expect(entry).toEqual({
      ClusterName: 'shop',
      PrincipalArn: `${idOf(name)}Role.Arn`,
      KubernetesGroups: [`scan-status-${name}`],
    });
  });

  it('has a queue into which its rules may send, and nobody else is let', () => {
    const policy = ofType<QueuePolicy>(template, 'AWS::SQS::QueuePolicy').get(`${idOf(name)}QueuePolicy`);
    const rules = [...ofType<{ Targets: readonly { Arn: string }[] }>(template, 'AWS::Events::Rule')]
      .filter(([, { Targets }]) => Targets.some(({ Arn }) => Arn === `${idOf(name)}Queue.Arn`))
      .map(([id]) => `${id}.Arn`);
    expect(rules.length).toBeGreaterThan(0);
    const allowing = policy?.PolicyDocument.Statement.filter(({ Effect }) => Effect === 'Allow');
    expect(allowing).toEqual([
      {
        Sid: 'RulesOfOurBus',
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: `${idOf(name)}Queue.Arn`,
        Condition: { ArnEquals: { 'aws:SourceArn': rules } },
      },
    ]);
  });
});

describe('alert', () => {
  it('may tell the SNS topic that is given, and no other', () => {
    const topic = 'arn:aws:sns:eu-central-1:123456789012:scan-alerts';
    const role = ofType<Role>(pack(`alertTopicArn=${topic}`).template, 'AWS::IAM::Role').get('AlertRole');
    const statements = role?.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    expect(statements?.filter(({ Action }) => JSON.stringify(Action).includes('sns:'))).toEqual([
      { Effect: 'Allow', Action: ['sns:Publish'], Resource: topic },
    ]);
  });

  it('is sent ticks by its own schedule, which may do nothing else', () => {
    const role = ofType<Role>(template, 'AWS::IAM::Role').get('AlertTicksRole');
    expect(role?.AssumeRolePolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Action: 'sts:AssumeRole',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is CloudFormation that fills it in.
        Condition: { StringEquals: { 'aws:SourceAccount': '${AWS::AccountId}' } },
      },
    ]);
    expect(role?.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement)).toEqual([
      { Effect: 'Allow', Action: ['sqs:SendMessage'], Resource: 'AlertQueue.Arn' },
    ]);
  });
});

describe('every queue', () => {
  it('encrypts what it keeps', () => {
    const queues = [...ofType(template, 'AWS::SQS::Queue').values()];
    expect(queues).toHaveLength(2 * FUNCTION_FOLDERS.length + 1);
    for (const queue of queues) expect(queue.SqsManagedSseEnabled).toBe(true);
  });

  it('is open to encrypted requests alone', () => {
    const policies = [...ofType<QueuePolicy>(template, 'AWS::SQS::QueuePolicy').values()];
    expect(policies.flatMap(({ Queues }) => Queues).sort()).toEqual(
      [...ofType(template, 'AWS::SQS::Queue').keys()].sort(),
    );
    for (const { Queues, PolicyDocument } of policies)
      expect(PolicyDocument.Statement).toContainEqual({
        Sid: 'OnlyEncrypted',
        Effect: 'Deny',
        Principal: '*',
        Action: 'sqs:*',
        Resource: Queues.map((queue) => `${queue}.Arn`),
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      });
  });
});

describe('the whole template', () => {
  it('allows no action and no resource by a wildcard, but to X-Ray', () => {
    const documents = [
      ...[...ofType<Role>(template, 'AWS::IAM::Role').values()].flatMap(({ Policies }) => Policies),
      ...ofType<{ PolicyDocument: PolicyDocument }>(template, 'AWS::IAM::ManagedPolicy').values(),
      ...ofType<QueuePolicy>(template, 'AWS::SQS::QueuePolicy').values(),
    ];
    const wild = documents
      .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
      .filter(({ Effect, Action, Resource }) => Effect === 'Allow' && JSON.stringify([Action, Resource]).includes('*'));
    expect(wild.map(({ Action }) => Action)).toEqual(FUNCTION_FOLDERS.map(() => WITHOUT_RESOURCE));
  });

  it('lets whoever sends events put them on the bus, and no more', () => {
    const { PolicyDocument } = ofType<QueuePolicy>(template, 'AWS::IAM::ManagedPolicy').get('SenderPolicy') ?? {};
    expect(PolicyDocument?.Statement).toEqual([{ Effect: 'Allow', Action: ['events:PutEvents'], Resource: 'Bus.Arn' }]);
  });

  it('opens no function to the internet', () => {
    const types = new Set(Object.values(template.Resources).map(({ Type }) => Type));
    for (const type of ['AWS::Lambda::Url', 'AWS::Lambda::Permission', 'AWS::ApiGatewayV2::Api'])
      expect(types).not.toContain(type);
  });
});
