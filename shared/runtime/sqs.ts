/**
 * Queues of Amazon SQS: the output that `EVENT_QUEUE_URL` names, and how long a queue hides a message. Region and
 * credentials are those that the SDK finds in the environment.
 */
import { createHash } from 'node:crypto';
import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SendMessageBatchResult,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { JsonObject } from '../conditions/status.ts';
import { entryFailure, type Failure } from './aws-failures.ts';
import { CLIENT, type EventService, outputTo } from './aws-output.ts';
import type { Output } from './output.ts';
import type { Pace } from './send-again.ts';
import type { Visibility } from './visibility.ts';

const NAME = 'the queue';

/** @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const MAX_ENTRIES = 10;
/** Of a request, and so of a message: 1 MiB. A queue may be set to take less. */
const MAX_BYTES = 1_048_576;

/** A message before it has its place in a batch. */
type Message = Omit<SendMessageBatchRequestEntry, 'Id' | 'MessageBody'> & { readonly MessageBody: string };

/** What groups and deduplications may be named. */
const FIFO_NAME = /^[\w!"#$%&'()*+,./:;<=>?@[\]\\^`{|}~-]{1,128}$/;

/** The text itself where it may be a name; else a digest, because two cut texts could be one. */
const fifoName = (text: string): string =>
  FIFO_NAME.test(text) ? text : createHash('sha256').update(text).digest('hex');

/** A FIFO queue keeps the order of a scan's events, and takes an event that is sent again within minutes once. */
const fifoOf = ({ id, source, subject = source }: JsonObject): Partial<Message> => ({
  MessageGroupId: fifoName(String(subject)),
  MessageDeduplicationId: fifoName(String(id)),
});

const failuresOf = (batch: readonly Message[], result: SendMessageBatchResult): readonly (Failure | undefined)[] => {
  const taken = new Set(result.Successful?.map(({ Id }) => Id));
  const failed = new Map(result.Failed?.map((one) => [one.Id, one]));
  return batch.map((_, at) => {
    if (taken.has(String(at))) return undefined;
    const { Code = 'InternalError', Message = 'said nothing of the message', SenderFault } = failed.get(`${at}`) ?? {};
    return entryFailure(NAME, Code, Message, SenderFault);
  });
};

/** The region that the host of a queue's URL names, as all of AWS do: requests are signed for it. */
const REGION = /(?:^|\.)sqs(?:-fips)?\.([a-z]{2,8}(?:-[a-z]{2,16}){1,3}-\d{1,2})\./;

/** A queue's URL says whom to ask, so nothing else is asked for an endpoint. */
const clientFor = ({ origin, hostname }: URL): SQSClient => {
  const region = REGION.exec(hostname)?.[1];
  return new SQSClient({ ...CLIENT, endpoint: origin, ...(region !== undefined && { region }) });
};

/** Sends to the queue of this URL; to a FIFO queue with the names that it asks for. */
export const queueOutput = (queueUrl: string, pace?: Pace): Output => {
  const client = clientFor(new URL(queueUrl));
  const isFifo = queueUrl.endsWith('.fifo');
  const service: EventService<Message> = {
    name: NAME,
    bounds: { entries: MAX_ENTRIES, bytes: MAX_BYTES },
    sizeOf: ({ MessageBody }) => Buffer.byteLength(MessageBody),
    room: () => MAX_BYTES,
    entryOf: (event, json) => ({ MessageBody: json, ...(isFifo && fifoOf(event)) }),
    request: async (batch, abortSignal) => {
      const Entries = batch.map((message, at) => ({ Id: String(at), ...message }));
      const result = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }), { abortSignal });
      return failuresOf(batch, result);
    },
  };
  return outputTo(service, pace);
};

const ARN = /^arn:[\w-]+:sqs:([a-z0-9-]+):(\d{12}):([\w-]{1,80}(?:\.fifo)?)$/;

/**
 * Hides messages of queues that are known by their ARN.
 *
 * Its URL is made, not asked for: that would take a request, and a right, which those who only receive messages do not
 * have. Its host is the region's, and requests go to the SDK's endpoint (`AWS_ENDPOINT_URL`, else the region's).
 */
export const sqsVisibility = (): Visibility => {
  // The SDK alone tries again, and not for long: a message that is not hidden comes back by itself.
  const client = new SQSClient({ ...CLIENT, maxAttempts: 3, useQueueUrlAsEndpoint: false });
  return {
    extend: async ({ queueArn, receiptHandle }, seconds) => {
      const [whole, region, account, name] = ARN.exec(queueArn) ?? [];
      if (whole === undefined) throw new Error(`${JSON.stringify(queueArn)} is no ARN of a queue`);
      const { url } = client.config.endpointProvider({ Region: region });
      const QueueUrl = new URL(`/${account}/${name}`, url).href;
      const command = { QueueUrl, ReceiptHandle: receiptHandle, VisibilityTimeout: seconds };
      await client.send(new ChangeMessageVisibilityCommand(command), { abortSignal: AbortSignal.timeout(5_000) });
    },
  };
};
