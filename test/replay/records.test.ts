/** Records of archives: whatever an event was wrapped in, it tells what it told when it first arrived. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { Rejected } from '../../shared/events/rejected.ts';
import { readRecord } from '../../shared/replay/records.ts';
import { cloudEventOf } from '../support/cli-records.ts';
import { replayTexts } from '../support/cli-replay.ts';
import { layoutRequests, messageOf, type RecordedRequest, TRUTH, webhookRequests } from '../support/recorded.ts';

/** The exporter's own object, as its queue receivers send it without a layout. */
const bare = ({ body }: RecordedRequest): JsonObject => JSON.parse(body);

const entry = (detail: unknown): JsonObject => ({
  version: '0',
  id: 'd9f1b1f2-0c0e-4a53-9d0b-3e3a5c9f9f10',
  'detail-type': 'Scan job',
  source: 'exporter',
  account: '123456789012',
  time: '2026-11-23T05:55:00Z',
  region: 'eu-central-1',
  resources: [],
  'replay-name': 'november',
  detail,
});
const lambdaMessage = (body: unknown): JsonObject => ({
  messageId: '059f36b4-87a3-44ab-83d2-661975830a7d',
  receiptHandle: 'AQEB',
  body: JSON.stringify(body),
  attributes: { ApproximateReceiveCount: '1' },
  eventSource: 'aws:sqs',
});
const receivedMessage = (body: unknown): JsonObject => ({
  MessageId: '059f36b4-87a3-44ab-83d2-661975830a7d',
  ReceiptHandle: 'AQEB',
  MD5OfBody: '7b270e59b47ff90a553787216d55d91d',
  Body: JSON.stringify(body),
});
const notification = (message: unknown): JsonObject => ({
  Type: 'Notification',
  MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324',
  TopicArn: 'arn:aws:sns:eu-central-1:123456789012:scans',
  Message: JSON.stringify(message),
  Timestamp: '2026-11-23T05:55:00.000Z',
});

const structuredRequest = (request: RecordedRequest): JsonObject => ({
  rawHeaders: ['content-type', 'application/cloudevents+json; charset=utf-8'],
  body: JSON.stringify(cloudEventOf(request)),
});

const WRAPPINGS: readonly (readonly [name: string, wrap: (request: RecordedRequest) => unknown])[] = [
  ['a recorded HTTP request in binary mode', (request) => request],
  ['a recorded HTTP request in structured mode', structuredRequest],
  ['a structured CloudEvent', cloudEventOf],
  ['a CloudEvent whose data is a text', (request) => ({ ...cloudEventOf(request), data: request.body })],
  ["the exporter's bare object", bare],
  ['an EventBridge entry of a CloudEvent', (request) => entry(cloudEventOf(request))],
  ["an EventBridge entry of the exporter's bare object", (request) => entry(bare(request))],
  ['an SQS message, as Lambda gets it, of a CloudEvent', (request) => lambdaMessage(cloudEventOf(request))],
  ["an SQS message, as Lambda gets it, of the exporter's bare object", (request) => lambdaMessage(bare(request))],
  ['an SQS message, as Lambda gets it, of an EventBridge entry', (request) => lambdaMessage(entry(bare(request)))],
  [
    'an SQS message, as Lambda gets it, of an SNS notification',
    (request) => lambdaMessage(notification(bare(request))),
  ],
  ['an SQS message, as received, of a CloudEvent', (request) => receivedMessage(cloudEventOf(request))],
  ["an SQS message, as received, of the exporter's bare object", (request) => receivedMessage(bare(request))],
  ['an SQS message, as received, of an EventBridge entry', (request) => receivedMessage(entry(cloudEventOf(request)))],
  ['an SQS message, as received, of an SNS notification', (request) => receivedMessage(notification(bare(request)))],
  ['an SNS notification of a CloudEvent', (request) => notification(cloudEventOf(request))],
];

const replayRecords = (records: readonly unknown[]) => replayTexts(records.map((record) => JSON.stringify(record)));

const ALL = { applied: 12, duplicate: 13, superseded: 0, ignored: 2, rejected: 0, unavailable: 0 };

describe('readRecord, on the recordings', () => {
  it.each(WRAPPINGS)('tells the truth from %s', async (_, wrap) => {
    const { summary, statuses } = await replayRecords(webhookRequests.map(wrap));
    expect(statuses).toMatchObject(TRUTH);
    expect(summary).toEqual(ALL);
  });

  it('tells the truth from a batch, event by event', async () => {
    const body = JSON.stringify(webhookRequests.map(cloudEventOf));
    const batch = { rawHeaders: ['Content-Type', 'application/cloudevents-batch+json'], body };
    const { summary, statuses, events } = await replayRecords([batch]);
    expect(statuses).toMatchObject(TRUTH);
    // Written once, so the older of two runs of one scan was never the newest.
    expect(summary).toEqual({ ...ALL, applied: 10, superseded: 2 });
    expect(events.map(({ line }) => line)).toEqual(new Array(27).fill(1));
  });

  it('takes the events of an exporter with a layout from any queue', async () => {
    const { 'team-search/ImageScan/indexer-image': _, ...held } = TRUTH;
    const inside = layoutRequests.map(({ body }): unknown => JSON.parse(body));
    for (const records of [layoutRequests, inside, inside.map(lambdaMessage), inside.map(entry)]) {
      expect((await replayRecords(records)).statuses).toMatchObject(held);
    }
  });
});

const text = (value: unknown): string => JSON.stringify(value);
const [request] = webhookRequests as [RecordedRequest];
const event = cloudEventOf(request);

describe('readRecord', () => {
  it('gives a recorded request the headers and the body that it had', () => {
    expect(readRecord(text(request))).toEqual(messageOf(request));
  });

  it("makes of the exporter's bare object the event that the exporter sends with headers", () => {
    const { subject: _, time: __, datacontenttype: ___, ...identity } = event;
    expect(readRecord(text(bare(request)))).toEqual({ mode: 'structured', envelopes: [identity] });
  });

  it('takes a reason that tells nothing for an event that is ignored', async () => {
    const { summary } = await replayRecords([{ ...bare(request), reason: 'SuccessfulDelete' }]);
    expect(summary).toMatchObject({ ignored: 1, rejected: 0 });
  });

  it("makes up no id where the exporter's object has no uid", async () => {
    const { events } = await replayRecords([{ ...bare(request), metadata: { namespace: 'team-checkout' } }]);
    expect(events).toMatchObject([{ received: { outcome: 'rejected', why: { message: 'id: is required' } } }]);
  });

  it("gives the exporter's object a source, whatever it says of its namespace", () => {
    for (const namespace of [undefined, null, 5, { toString: 1 }, [[]]]) {
      const line = text({ involvedObject: { namespace }, metadata: { uid: '1' } });
      expect(readRecord(line)).toMatchObject({ envelopes: [{ source: '/apis/batch/v1/namespaces//jobs' }] });
    }
  });

  it('takes an EventBridge detail that is a text', () => {
    expect(readRecord(text(entry(text(event))))).toEqual({ mode: 'structured', envelopes: [event] });
  });

  it('opens two envelopes, and no third', () => {
    expect(readRecord(text(lambdaMessage(entry(event))))).toEqual({ mode: 'structured', envelopes: [event] });
    expect(() => readRecord(text(lambdaMessage(notification(entry(event)))))).toThrow(
      'detail: envelopes nest deeper than 2',
    );
    expect(() => readRecord(text(entry(entry(receivedMessage(event)))))).toThrow('Body: envelopes nest deeper than 2');
  });

  const unknown = 'must be a CloudEvent, a recorded HTTP request, an EventBridge entry or an SQS message';
  it.each([
    ['a line that is no JSON', '{"specversion":', 'line: must be JSON'],
    ['a line of two records', '{}{}', 'line: must be JSON'],
    ['a number', '1', 'line: must be an object'],
    ['an array', '[{}]', 'line: must be an object'],
    ['null', 'null', 'line: must be an object'],
    ['an object of no known kind', '{"a":1}', `line: ${unknown}`],
    ['what nests without end', '['.repeat(65), 'line: nests deeper than 64 levels'],
    ['headers that are no list', text({ ...request, rawHeaders: {} }), 'rawHeaders: must be names and values in turn'],
    ['a header without value', text({ ...request, rawHeaders: ['a'] }), 'rawHeaders: must be names and values in turn'],
    [
      'a header of a number',
      text({ ...request, rawHeaders: ['a', 1] }),
      'rawHeaders: must be names and values in turn',
    ],
    ['a request without body', text({ rawHeaders: [] }), 'body: must be a string'],
    ['a request whose body is an object', text({ ...request, body: {} }), 'body: must be a string'],
    ['an SQS message without body', '{"messageId":"1"}', 'body: must be an object'],
    ['an SQS body that is no JSON', '{"messageId":"1","body":"hello"}', 'body: must be JSON'],
    ['an SQS body of no known kind', '{"messageId":"1","body":"{}"}', `body: ${unknown}`],
    ['an SQS body of several records', '{"receiptHandle":"1","body":"[]"}', 'body: must be an object'],
    ['an SQS body as received that is no JSON', '{"MessageId":"1","Body":"hello"}', 'Body: must be JSON'],
    ['an SQS body as received of a number', '{"ReceiptHandle":"1","Body":"1"}', 'Body: must be an object'],
    ['an EventBridge entry without detail', '{"detail-type":"a"}', 'detail: must be an object'],
    ['an EventBridge detail of no known kind', text(entry({ a: 1 })), `detail: ${unknown}`],
    ['an SNS message that is no JSON', '{"Type":"Notification","Message":"hello"}', 'Message: must be JSON'],
    ['an SNS message inside of no known kind', text(lambdaMessage(notification({}))), `Message: ${unknown}`],
    ['an exporter object without metadata', '{"involvedObject":{}}', 'metadata: must be an object, as involvedObject'],
    [
      'an exporter object about nothing',
      '{"involvedObject":null,"metadata":{}}',
      'metadata: must be an object, as involvedObject',
    ],
  ])('rejects %s, naming the field', (_, line, message) => {
    expect(() => readRecord(line)).toThrow(Rejected);
    expect(() => readRecord(line)).toThrow(message);
  });

  it('answers a message or a rejection, whatever a line holds', () => {
    const names = fc.constantFrom(
      ...['specversion', 'rawHeaders', 'body', 'detail', 'detail-type', 'messageId', 'Body', 'MessageId'],
      ...['Type', 'Message', 'involvedObject', 'metadata', 'reason', '__proto__'],
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 5 }, fc.constant('Notification'), fc.jsonValue({ maxDepth: 1 }), tie('nested')),
      nested: fc.oneof(
        fc.dictionary(names, tie('value')),
        tie('value').map((inner) => JSON.stringify(inner)),
      ),
    }));
    const outcome = (line: string): string => {
      try {
        const message = readRecord(line);
        return 'headers' in message || 'envelopes' in message ? 'message' : 'neither';
      } catch (error) {
        return error instanceof Rejected ? 'rejected' : String(error);
      }
    };
    fc.assert(
      fc.property(value, (record) => {
        expect(['message', 'rejected']).toContain(outcome(JSON.stringify(record)));
      }),
      { numRuns: 500 },
    );
  });
});
