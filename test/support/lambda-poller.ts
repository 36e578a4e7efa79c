/**
 * What Lambda does between a queue and a function: receives a batch, hands it over, and deletes what did not fail.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
 */
import { DeleteMessageBatchCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';

/** Calls the function; `failed` where it threw. */
export type Invoke = (event: SQSEvent) => Promise<{ readonly answer?: SQSBatchResponse; readonly failed?: string }>;

export interface PolledQueue {
  readonly url: string;
  readonly arn: string;
  readonly batchSize: number;
}

/** What became of a batch. */
export interface Polled {
  readonly received: number;
  /** What is wrong, of all that failed. */
  readonly failed: readonly string[];
}

const eventOf = (messages: readonly Message[], arn: string): SQSEvent => ({
  Records: messages.map(({ MessageId = '', ReceiptHandle = '', Body = '', MD5OfBody = '', Attributes = {} }) => ({
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: Attributes as SQSEvent['Records'][number]['attributes'],
    messageAttributes: {},
    md5OfBody: MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: arn,
    awsRegion: arn.split(':')[3] ?? '',
  })),
});

/** The messages that failed: all, where the function threw or did not answer as it must. */
const failedOf = (messages: readonly Message[], { answer }: Awaited<ReturnType<Invoke>>): ReadonlySet<string> => {
  const all = new Set(messages.map(({ MessageId = '' }) => MessageId));
  if (!Array.isArray(answer?.batchItemFailures)) return all;
  const named = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  return [...named].every((name) => all.has(name)) ? named : all;
};

/** Polls once. */
export const poll = async (
  client: SQSClient,
  { url, arn, batchSize }: PolledQueue,
  invoke: Invoke,
): Promise<Polled> => {
  const { Messages: messages = [] } = await client.send(
    new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: batchSize, MessageSystemAttributeNames: ['All'] }),
  );
  if (messages.length === 0) return { received: 0, failed: [] };
  const failed = failedOf(messages, await invoke(eventOf(messages, arn)));
  const done = messages.filter(({ MessageId = '' }) => !failed.has(MessageId));
  if (done.length > 0) {
    const Entries = done.map(({ MessageId, ReceiptHandle }) => ({ Id: MessageId, ReceiptHandle }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl: url, Entries }));
  }
  return { received: messages.length, failed: [...failed] };
};
