/**
 * Messages of an SQS queue: those that failed are named, and the queue keeps them; all others are done.
 *
 * A FIFO queue is answered like any other. Its order means nothing to us, because every order of events ends in the same
 * status, so what comes after a failed message is done and need not be sent again.
 *
 * What is rejected comes back like any other failed message until its queue gives it up: SQS knows no other way to its
 * dead-letter queue. A queue that is to outlast a day of outage gives up late, so this takes days; in a FIFO queue the
 * group waits as long. `lambda-dead-letters.ts` is the shorter way, for those who set one up. What was refused is never
 * given up early: it may succeed once somebody has mended the keys.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 */
import type { SQSBatchResponse } from 'aws-lambda';
import type { AnyFunction } from './function.ts';
import { type DeadLetters, letterOf } from './lambda-dead-letters.ts';
import { failureOf } from './lambda-error.ts';
import { type Delivered, failedOf, takeAll } from './lambda-messages.ts';
import { hideAll, type QueueMessage, readMessage } from './lambda-queue-message.ts';
import type { Received } from './received.ts';
import type { Responding } from './respond.ts';
import type { Visibility } from './visibility.ts';

export interface QueueServices {
  readonly responding: Responding;
  readonly visibility: Visibility;
  /** Where messages are put that are wrong for good; absent, their queue sees to it. */
  readonly deadLetters?: DeadLetters;
  /** From 0 to less than 1; absent, anything. */
  readonly random?: () => number;
}

interface FailedMessage {
  readonly message: QueueMessage;
  readonly record: Delivered;
  /** What became of those of its events that failed. */
  readonly received: readonly Received[];
}

const isUnavailable = ({ received }: FailedMessage): boolean =>
  received.some(({ outcome }) => outcome === 'unavailable');
const isHopeless = ({ received }: FailedMessage): boolean => received.every(({ outcome }) => outcome === 'rejected');

/** Puts away the messages that are wrong for good, and says which of them were taken. */
const putAway = async (
  failed: readonly FailedMessage[],
  { deadLetters, responding }: QueueServices,
): Promise<ReadonlySet<FailedMessage>> => {
  const hopeless = failed.filter(isHopeless);
  if (deadLetters === undefined || hopeless.length === 0) return new Set();
  const failures = await deadLetters.send(hopeless.map(({ record }) => letterOf(record)));
  for (const why of failures)
    if (why !== undefined) responding.log.warn({ why: why.message }, 'no dead letter was sent');
  return new Set(hopeless.filter((_, at) => failures[at] === undefined));
};

/** The messages of which an event failed. */
const takeMessages = async (
  records: readonly Delivered[],
  functions: readonly AnyFunction[],
  { responding }: QueueServices,
): Promise<readonly FailedMessage[]> => {
  const messages = records.map((record, at) => ({ record, message: readMessage(record, at) }));
  const all = await takeAll(records, functions, responding);
  const failed = messages.map((one, at) => ({ ...one, received: failedOf(all[at] ?? []) }));
  return failed.filter(({ received }) => received.length > 0);
};

/** Handles a batch of messages, and names those that its queue must keep. */
export const handleQueue = async (
  records: readonly Delivered[],
  functions: readonly AnyFunction[],
  services: QueueServices,
): Promise<SQSBatchResponse> => {
  const { visibility, responding, random = Math.random } = services;
  const { log } = responding;
  const failed = await takeMessages(records, functions, services);
  const away = await putAway(failed, services);
  for (const one of failed) {
    const { messageId, queueArn, receives } = one.message;
    const told = { message: messageId, queue: queueArn, receives, why: failureOf(one.received) };
    log.warn(told, away.has(one) ? 'a message was put away' : 'a message failed');
  }
  const throttled = failed.filter(isUnavailable).map(({ message }) => message);
  await hideAll(throttled, { visibility, log, random });
  const kept = failed.filter((one) => !away.has(one));
  return { batchItemFailures: kept.map(({ message }) => ({ itemIdentifier: message.messageId })) };
};
