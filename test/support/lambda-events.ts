/** What AWS Lambda is handed by each source, around any content. */
import type { JsonObject } from '../../shared/conditions/status.ts';
import type { Sent } from './http-client.ts';

const ACCOUNT = '123456789012';
const REGION = 'eu-central-1';

/** A content as the text that a message holds. */
const asText = (content: unknown): string => (typeof content === 'string' ? content : JSON.stringify(content));

export const QUEUE_ARN = `arn:aws:sqs:${REGION}:${ACCOUNT}:scans`;

interface Queued {
  readonly isFifo?: boolean;
  /** How often each was received. */
  readonly receives?: number;
}

/** One message of a queue, by whose place it is named `message-0` and so on. */
export const queueMessage = (content: unknown, at = 0, { isFifo = false, receives = 1 }: Queued = {}): JsonObject => ({
  messageId: `message-${at}`,
  receiptHandle: `receipt-${at}`,
  body: asText(content),
  attributes: {
    ApproximateReceiveCount: `${receives}`,
    SentTimestamp: '1763877600000',
    SenderId: 'AIDAEXAMPLE',
    ApproximateFirstReceiveTimestamp: '1763877600100',
    ...(isFifo && { MessageGroupId: 'scans', MessageDeduplicationId: `${at}`, SequenceNumber: `${at}` }),
  },
  messageAttributes: {},
  md5OfBody: '7b270e59b47ff90a553787216d55d91d',
  eventSource: 'aws:sqs',
  eventSourceARN: isFifo ? `${QUEUE_ARN}.fifo` : QUEUE_ARN,
  awsRegion: REGION,
});

/** A batch of messages. */
export const queueEvent = (contents: readonly unknown[], queued: Queued = {}): JsonObject => ({
  Records: contents.map((content, at) => queueMessage(content, at, queued)),
});

export const busEvent = (detail: unknown, more: JsonObject = {}): JsonObject => ({
  version: '0',
  id: 'd9f1b1f2-0c0e-4a53-9d0b-3e3a5c9f9f10',
  'detail-type': 'Scan job',
  source: 'exporter',
  account: ACCOUNT,
  time: '2026-11-23T05:55:00Z',
  region: REGION,
  resources: [],
  detail,
  ...more,
});

/** What a topic makes of a message, also for a queue that subscribes to it. */
export const notification = (content: unknown): JsonObject => ({
  Type: 'Notification',
  MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn: `arn:aws:sns:${REGION}:${ACCOUNT}:scans`,
  Subject: null,
  Message: asText(content),
  Timestamp: '2026-11-23T05:55:00.000Z',
  MessageAttributes: {},
});

export const topicEvent = (contents: readonly unknown[]): JsonObject => ({
  Records: contents.map((content) => ({
    EventVersion: '1.0',
    EventSubscriptionArn: `arn:aws:sns:${REGION}:${ACCOUNT}:scans:one`,
    EventSource: 'aws:sns',
    Sns: notification(content),
  })),
});

/** A request as a function URL and an HTTP API hand it over. */
export const urlRequest = ({ method = 'POST', path, headers = {}, body = '' }: Sent): JsonObject => ({
  version: '2.0',
  routeKey: '$default',
  rawPath: path,
  rawQueryString: '',
  headers,
  requestContext: { http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1' }, stage: '$default' },
  body,
  isBase64Encoded: false,
});

/** A request in the older payload, 1.0, with its body in base64. */
export const oldRequest = ({ method = 'POST', path, headers = {}, body = '' }: Sent): JsonObject => ({
  version: '1.0',
  resource: '/{proxy+}',
  path,
  httpMethod: method,
  headers,
  multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
  requestContext: { httpMethod: method, path: `/prod${path}`, stage: 'prod' },
  body: Buffer.from(body as string).toString('base64'),
  isBase64Encoded: true,
});
