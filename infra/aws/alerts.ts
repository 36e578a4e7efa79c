/**
 * What `alert` has beside its queue: a table in which it remembers what it told, ticks on which it tells what was held back,
 * and the rights over both.
 */
import { ALERTS_DUE } from '../../shared/events/types.ts';
import type { DeployedFunction } from './deployed-function.ts';
import { allow, attribute, policyDocument, type Resources, substituted } from './template.ts';

/** What shared/alerts/state/dynamodb.ts works with. A record that was told of long ago goes by itself. */
export const table = (name: string) => ({
  TableName: name,
  BillingMode: 'PAY_PER_REQUEST',
  KeySchema: [{ AttributeName: 'key', KeyType: 'HASH' }],
  AttributeDefinitions: [
    { AttributeName: 'key', AttributeType: 'S' },
    { AttributeName: 'pending', AttributeType: 'S' },
    { AttributeName: 'dueAt', AttributeType: 'N' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'due',
      KeySchema: [
        { AttributeName: 'pending', KeyType: 'HASH' },
        { AttributeName: 'dueAt', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
  TimeToLiveSpecification: { AttributeName: 'forgetAt', Enabled: true },
  PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
});

/**
 * A CloudEvent, whose id and time the scheduler fills in.
 *
 * @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
 */
const TICK = {
  specversion: '1.0',
  type: ALERTS_DUE,
  source: '<aws.scheduler.schedule-arn>',
  id: '<aws.scheduler.execution-id>',
  time: '<aws.scheduler.scheduled-time>',
  data: {},
};

/** Each minute. One that is late is of no use: the next is there. */
const ticks = ({ id, fullName, isEnabled }: DeployedFunction): Resources => ({
  [`${id}Ticks`]: {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      Name: `${fullName}-due`,
      State: isEnabled ? 'ENABLED' : 'DISABLED',
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: attribute(`${id}Queue`, 'Arn'),
        RoleArn: attribute(`${id}TicksRole`, 'Arn'),
        Input: JSON.stringify(TICK),
        RetryPolicy: { MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 2 },
      },
    },
  },
  [`${id}TicksRole`]: {
    Type: 'AWS::IAM::Role',
    Properties: {
      Description: substituted(`the ticks of \${AWS::StackName}`),
      AssumeRolePolicyDocument: policyDocument({
        Effect: 'Allow',
        Principal: { Service: 'scheduler.amazonaws.com' },
        Action: 'sts:AssumeRole',
        // A scheduler of another account must not tick here.
        Condition: { StringEquals: { 'aws:SourceAccount': substituted(`\${AWS::AccountId}`) } },
      }),
      Policies: [
        {
          PolicyName: 'own',
          PolicyDocument: policyDocument(allow(['sqs:SendMessage'], attribute(`${id}Queue`, 'Arn'))),
        },
      ],
    },
  },
});

export const alertResources = (deployed: DeployedFunction): Resources => ({
  [`${deployed.id}Table`]: { Type: 'AWS::DynamoDB::Table', Properties: table(`${deployed.fullName}s`) },
  ...ticks(deployed),
});

/** @param topic the ARN of an SNS topic that alerts.yaml names; empty, none */
export const alertRights = ({ id }: DeployedFunction, topic: string): readonly object[] => [
  allow(['dynamodb:GetItem', 'dynamodb:PutItem'], attribute(`${id}Table`, 'Arn')),
  allow(['dynamodb:Query'], substituted(`\${${id}Table.Arn}/index/due`)),
  ...(topic === '' ? [] : [allow(['sns:Publish'], topic)]),
];
