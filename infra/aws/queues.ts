/**
 * A function's queue, and the queue of its dead letters.
 *
 * A message that cannot be handled now hides itself longer and longer, so it outlasts a day without an API server. One that
 * never can be ends among the dead letters, for people to look at.
 */
import type { DeployedFunction } from './deployed-function.ts';
import { arnOf, attribute, policyDocument, type Resource, type Resources, ref } from './template.ts';

const DAY = 86_400;
/** The longest that SQS keeps a message. A dead letter's age counts from when it was first sent. */
const KEPT_FOR = 14 * DAY;
/** So that no message comes again while its function may still be at it. @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const TIMEOUTS_HIDDEN = 6;
/**
 * How often a message is received before it is a dead letter. What cannot be handled now hides for up to 15 minutes with full
 * jitter: 7.5 on average, which makes 192 receives a day. With so many more, chance makes a day too short for not one message
 * in a thousand million. What comes back because its function crashed, or because nobody can ever take it, is hidden for
 * the queue's own time, and lasts a day, too.
 */
const RECEIVES = 260;

const ONLY_ENCRYPTED = (resources: readonly object[]) => ({
  Sid: 'OnlyEncrypted',
  Effect: 'Deny',
  Principal: '*',
  Action: 'sqs:*',
  Resource: resources,
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
});

/** Lets the rules into the queue, and nobody else who has no rights of their own. */
export const queuePolicy = (queue: string, rules: readonly string[]): Resource => ({
  Type: 'AWS::SQS::QueuePolicy',
  Properties: {
    Queues: [ref(queue)],
    PolicyDocument: policyDocument(
      ONLY_ENCRYPTED([attribute(queue, 'Arn')]),
      ...(rules.length === 0
        ? []
        : [
            {
              Sid: 'RulesOfOurBus',
              Effect: 'Allow',
              Principal: { Service: 'events.amazonaws.com' },
              Action: 'sqs:SendMessage',
              Resource: attribute(queue, 'Arn'),
              Condition: { ArnEquals: { 'aws:SourceArn': rules.map((rule) => attribute(rule, 'Arn')) } },
            },
          ]),
    ),
  },
});

/** @param rules the logical names of the rules that send to it */
export const queues = ({ id, fullName, timeout, window }: DeployedFunction, rules: readonly string[]): Resources => ({
  [`${id}Queue`]: {
    Type: 'AWS::SQS::Queue',
    Properties: {
      QueueName: fullName,
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: KEPT_FOR,
      VisibilityTimeout: TIMEOUTS_HIDDEN * timeout + window,
      RedrivePolicy: { deadLetterTargetArn: attribute(`${id}DeadLetters`, 'Arn'), maxReceiveCount: RECEIVES },
      RedriveAllowPolicy: { redrivePermission: 'denyAll' },
    },
  },
  [`${id}QueuePolicy`]: queuePolicy(`${id}Queue`, rules),
  [`${id}DeadLetters`]: {
    Type: 'AWS::SQS::Queue',
    Properties: {
      QueueName: `${fullName}-dead-letters`,
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: KEPT_FOR,
      // By its name: the queues name each other, and CloudFormation makes nothing that waits for itself.
      RedriveAllowPolicy: { redrivePermission: 'byQueue', sourceQueueArns: [arnOf('sqs', fullName)] },
    },
  },
  [`${id}DeadLettersPolicy`]: queuePolicy(`${id}DeadLetters`, []),
});
