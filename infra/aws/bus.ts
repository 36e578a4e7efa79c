/** The bus that the events go over, its archive, and what is left of an event that no queue took. */
import { deadLettersAlarm } from './alarms.ts';
import { queuePolicy } from './queues.ts';
import { attribute, policyDocument, type Resources, ref } from './template.ts';

/** @param rules the logical names of all rules */
export const bus = (prefix: string, rules: readonly string[], archiveDays: number, topic: string): Resources => ({
  Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: prefix } },
  // A replay from here is marked with its name, so that nobody is alerted of last month's scans.
  Archive: {
    Type: 'AWS::Events::Archive',
    Properties: { ArchiveName: prefix, SourceArn: attribute('Bus', 'Arn'), RetentionDays: archiveDays },
  },
  Undelivered: {
    Type: 'AWS::SQS::Queue',
    Properties: {
      QueueName: `${prefix}-undelivered`,
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 14 * 86_400,
      RedriveAllowPolicy: { redrivePermission: 'denyAll' },
    },
  },
  UndeliveredPolicy: queuePolicy('Undelivered', rules),
  UndeliveredAlarm: deadLettersAlarm('Undelivered', 'EventBridge could not deliver an event to its queue.', topic),
  /** For whoever sends events: attach it to the role of the exporter. */
  SenderPolicy: {
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: {
      Description: 'May put events on the bus of Scan Status',
      PolicyDocument: policyDocument({
        Effect: 'Allow',
        Action: ['events:PutEvents'],
        Resource: attribute('Bus', 'Arn'),
      }),
    },
  },
});

export const outputs = (names: readonly { readonly id: string; readonly name: string }[]) => ({
  EventBusName: { Description: 'Where events are put', Value: ref('Bus') },
  SenderPolicyArn: { Description: 'Lets a role put events there', Value: ref('SenderPolicy') },
  ...Object.fromEntries(
    names.map(({ id, name }) => [
      `${id}QueueUrl`,
      { Description: `Where events for ${name} alone are sent`, Value: ref(`${id}Queue`) },
    ]),
  ),
});
