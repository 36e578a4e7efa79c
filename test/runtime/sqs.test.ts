/** Queues: events that go to one, and messages that one hides. */
import dns from 'node:dns';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { readEvent } from '../../shared/events/event.ts';
import { readRecord } from '../../shared/replay/records.ts';
import { PACE } from '../../shared/runtime/send-again.ts';
import { queueOutput, sqsVisibility } from '../../shared/runtime/sqs.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { type Entry, Refusal, UNSAID } from '../support/aws-operation.ts';
import { awsServers, type Troubles } from '../support/aws-server.ts';
import { eventOfBytes, statusChangedEvent, verdictOf } from '../support/emitted-events.ts';
import { errorOf } from '../support/error-of.ts';

const openAws = awsServers();
afterEach(() => void jest.restoreAllMocks());

const QUICK = { ...PACE, firstWait: 1 };
const LARGEST = 1_048_576;

interface To {
  readonly queue?: string;
  readonly troubles?: Troubles;
}

const sendTo = async (events: readonly JsonObject[], { queue = 'events', troubles }: To = {}) => {
  const aws = await openAws(troubles);
  const url = `${aws.url}/123456789012/${queue}`;
  const answers = await queueOutput(url, QUICK).send(events);
  return { aws, url, answers, why: answers.map((answer) => answer?.message) };
};

const eventIn = ({ MessageBody }: Entry): JsonObject => JSON.parse(String(MessageBody));
const idsOf = (entries: readonly Entry[]): readonly unknown[] => entries.map((entry) => eventIn(entry).id);
const events = (count: number): readonly JsonObject[] =>
  Array.from({ length: count }, (_, at) => statusChangedEvent(`event-${at}`));
const accepted = (count: number): readonly undefined[] => Array.from({ length: count }, () => undefined);
const countsOf = (requests: readonly { readonly input: JsonObject }[]): readonly number[] =>
  requests.map(({ input }) => (input.Entries as readonly Entry[]).length);

/** Every name is this machine's. */
const answerNamesLocally = (): void => {
  jest
    .spyOn(dns, 'lookup')
    .mockImplementation(((_: string, options: object, done: (...answer: unknown[]) => void) =>
      done(
        null,
        ...('all' in options && options.all ? [[{ address: '127.0.0.1', family: 4 }]] : ['127.0.0.1', 4]),
      )) as never);
};

describe('an event on a queue', () => {
  it('is a message that holds the CloudEvent, and nothing else', async () => {
    const event = statusChangedEvent('event-1');
    const { aws, url, answers } = await sendTo([event]);
    expect(answers).toStrictEqual([undefined]);
    expect(aws.taken).toStrictEqual([{ Id: '0', MessageBody: JSON.stringify(event) }]);
    expect(aws.requests).toMatchObject([
      { operation: 'SendMessageBatch', region: 'eu-central-1', input: { QueueUrl: url } },
    ]);
  });

  it.each([statusChangedEvent('event-1', ['“”\ufffe\uffff\u0000\ud800 😀']), verdictOf('event-2', ['CVE-2025-1'])])(
    'is read back from the message as it was sent',
    async (event) => {
      const { aws } = await sendTo([event]);
      const [entry = {}] = aws.taken;
      const asLambda = { messageId: 'message-1', body: entry.MessageBody };
      const asReceived = { MessageId: 'message-1', Body: entry.MessageBody };
      for (const record of [asLambda, asReceived]) {
        expect(readRecord(JSON.stringify(record))).toStrictEqual({ mode: 'structured', envelopes: [event] });
      }
      expect(readEvent(eventIn(entry))).toStrictEqual(readEvent(event));
    },
  );

  it('goes into a request with nine others, and each answer is its own', async () => {
    const refused = new Map([
      ['event-3', 'InvalidMessageContents'],
      ['event-11', 'AccessDenied'],
    ]);
    const { aws, why } = await sendTo(events(12), {
      troubles: () => (entry) => refused.get(String(eventIn(entry).id)),
    });
    expect(why.flatMap((text, at) => (text === undefined ? [] : [[at, text]]))).toEqual([
      [3, 'the queue did not take the event (InvalidMessageContents)'],
      [11, 'the queue did not take the event (AccessDenied)'],
    ]);
    expect(countsOf(aws.requests).toSorted()).toEqual([10, 2]);
    expect(aws.taken).toHaveLength(10);
  });
});

describe('an event on a FIFO queue', () => {
  it('is grouped by its scan, and known by its id', async () => {
    const { aws, answers } = await sendTo([statusChangedEvent('event-1')], { queue: 'events.fifo' });
    expect(answers).toStrictEqual([undefined]);
    expect(aws.taken).toMatchObject([{ MessageGroupId: 'team-a/ImageScan/image', MessageDeduplicationId: 'event-1' }]);
  });

  it('is taken whatever its subject and id are, and two never count as one', async () => {
    const { subject: _, ...without } = statusChangedEvent('id with spaces');
    const long = 'x'.repeat(128);
    const { aws, answers } = await sendTo(
      [without, ...[`${long}a`, `${long}b`, 'ä', long].map((id) => ({ ...statusChangedEvent(id), subject: id }))],
      { queue: 'events.fifo' },
    );
    expect(answers).toStrictEqual(accepted(5));
    const names = aws.taken.map(({ MessageDeduplicationId }) => MessageDeduplicationId);
    expect(new Set(names).size).toBe(5);
    expect(names.at(-1)).toBe(long);
    expect(aws.taken[0]?.MessageGroupId).toBe('/scanstatus/test');
  });
});

describe('many events on a queue', () => {
  it('fill requests up to ten messages and 1 MiB and not beyond, whatever their sizes', async () => {
    const size = fc.oneof(fc.integer({ min: 600, max: 2_000 }), fc.integer({ min: 100_000, max: LARGEST }));
    await fc.assert(
      fc.asyncProperty(fc.array(size, { minLength: 1, maxLength: 14 }), async (sizes) => {
        const sent = sizes.map((bytes, at) => eventOfBytes(bytes, `event-${at}`));
        const { aws, answers } = await sendTo(sent);
        expect(answers).toStrictEqual(accepted(sizes.length));
        expect(idsOf(aws.taken).toSorted()).toEqual(sent.map(({ id }) => id).toSorted());
        // Nothing was refused, so each request was within both bounds, and nothing went twice.
        expect(countsOf(aws.requests).reduce((sum, count) => sum + count)).toBe(sizes.length);
      }),
      { numRuns: 10 },
    );
  });

  it('go as one request where they fill it to the last byte', async () => {
    const { aws } = await sendTo([eventOfBytes(LARGEST - 1_000, 'a'), eventOfBytes(1_000, 'b')]);
    expect(countsOf(aws.requests)).toEqual([2]);
  });

  it('do not wait for one that is too large', async () => {
    const { aws, why } = await sendTo([statusChangedEvent('a'), eventOfBytes(LARGEST + 1), statusChangedEvent('b')]);
    expect(why).toEqual([
      undefined,
      `the event large is too large for the queue: ${LARGEST + 1} bytes, where ${LARGEST} may be; K_SINK takes events of any size`,
      undefined,
    ]);
    expect(idsOf(aws.taken)).toEqual(['a', 'b']);
  });

  it('go alone where the queue is set to take less than SQS does', async () => {
    const isTooLong = ({ input }: { readonly input: JsonObject }) => JSON.stringify(input.Entries).length > 262_144;
    const { aws, why } = await sendTo(
      [eventOfBytes(200_000, 'a'), eventOfBytes(300_000, 'b'), eventOfBytes(100_000, 'c')],
      {
        troubles: (asked) => (isTooLong(asked) ? new Refusal('BatchRequestTooLong') : undefined),
      },
    );
    expect(why).toEqual([undefined, 'the queue does not take events (BatchRequestTooLong)', undefined]);
    expect(countsOf(aws.requests)).toEqual([3, 1, 1, 1]);
  });
});

describe('a queue that refuses', () => {
  const twiceRefused =
    (code: string): Troubles =>
    (_, request) =>
      request < 2 ? (entry) => (eventIn(entry).id === 'event-1' ? code : undefined) : undefined;

  it.each(['InternalError', 'ThrottlingException', 'SomethingOfTheirs', UNSAID])(
    'is sent again only what it refused with %s',
    async (code) => {
      const { aws, answers } = await sendTo(events(3), { troubles: twiceRefused(code) });
      expect(answers).toStrictEqual(accepted(3));
      expect(countsOf(aws.requests)).toEqual([3, 1, 1]);
    },
  );

  it('is believed at once where it says that the fault is ours', async () => {
    const { aws, why } = await sendTo(events(3), { troubles: twiceRefused('SomethingOfOurs') });
    expect(why).toEqual([undefined, 'the queue did not take the event (SomethingOfOurs)', undefined]);
    expect(aws.requests).toHaveLength(1);
  });

  it.each([
    new Refusal('RequestThrottled', 'Rate exceeded', 403),
    new Refusal('KmsThrottled'),
    new Refusal('ServiceUnavailable', 'Later.', 503),
    'hang up' as const,
  ])('is sent everything again after a whole request met trouble', async (trouble) => {
    const { aws, answers } = await sendTo(events(2), { troubles: (_, request) => (request < 2 ? trouble : undefined) });
    expect(answers).toStrictEqual(accepted(2));
    expect(countsOf(aws.requests)).toEqual([2, 2, 2]);
  });

  it.each(['QueueDoesNotExist', 'AccessDenied'])('is believed at once where it answers %s', async (code) => {
    const { aws, answers } = await sendTo(events(2), { troubles: () => new Refusal(code) });
    expect(answers).toEqual(accepted(2).map(() => expect.any(Unavailable)));
    expect(aws.asked).toHaveLength(1);
  });
});

describe("a queue's URL", () => {
  it('says whom to ask, whatever the SDK would ask, and nobody is warned of it', async () => {
    const warned = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const aws = await openAws();
    process.env.AWS_ENDPOINT_URL = 'http://127.0.0.1:9';
    expect(await queueOutput(`${aws.url}/123456789012/events`, QUICK).send(events(1))).toStrictEqual([undefined]);
    expect(warned).not.toHaveBeenCalled();
  });

  it('says which region to sign for, where its host names one', async () => {
    const aws = await openAws();
    const { port } = new URL(aws.url);
    answerNamesLocally();
    const regions: Readonly<Record<string, string>> = {
      'sqs.us-east-2.amazonaws.com': 'us-east-2',
      'vpce-0a1b.sqs.us-gov-west-1.vpce.amazonaws.com': 'us-gov-west-1',
      'sqs.cn-north-1.amazonaws.com.cn': 'cn-north-1',
      'eu-west-1.queue.amazonaws.com': 'eu-central-1',
      'sqs.internal.example': 'eu-central-1',
    };
    for (const host of Object.keys(regions)) {
      expect(await queueOutput(`http://${host}:${port}/123456789012/events`, QUICK).send(events(1))).toStrictEqual([
        undefined,
      ]);
    }
    expect(aws.requests.map(({ region }) => region)).toEqual(Object.values(regions));
  });
});

describe('a message that a queue hides', () => {
  const queueArn = 'arn:aws:sqs:eu-central-1:123456789012:facts.fifo';

  it('is named by its receipt and by the URL that its queue has', async () => {
    const aws = await openAws();
    await sqsVisibility().extend({ queueArn, receiptHandle: 'receipt-1' }, 900);
    expect(aws.requests).toStrictEqual([
      {
        operation: 'ChangeMessageVisibility',
        region: 'eu-central-1',
        input: {
          QueueUrl: 'https://sqs.eu-central-1.amazonaws.com/123456789012/facts.fifo',
          ReceiptHandle: 'receipt-1',
          VisibilityTimeout: 900,
        },
      },
    ]);
  });

  it.each([
    ['arn:aws-cn:sqs:cn-north-1:123456789012:facts', 'https://sqs.cn-north-1.amazonaws.com.cn/123456789012/facts'],
    [
      'arn:aws-us-gov:sqs:us-gov-west-1:123456789012:facts',
      'https://sqs.us-gov-west-1.amazonaws.com/123456789012/facts',
    ],
  ])('may be of any partition: %s', async (arn, QueueUrl) => {
    const aws = await openAws();
    await sqsVisibility().extend({ queueArn: arn, receiptHandle: 'receipt-1' }, 0);
    expect(aws.requests).toMatchObject([{ input: { QueueUrl } }]);
  });

  it.each([
    'facts',
    'arn:aws:sns:eu-central-1:123456789012:facts',
    'arn:aws:sqs:eu-central-1:123456789012:a/b',
    `${queueArn}\n`,
  ])('is of a queue, not of %j', async (arn) => {
    const aws = await openAws();
    const error = await errorOf(sqsVisibility().extend({ queueArn: arn, receiptHandle: 'receipt-1' }, 60));
    expect(error.message).toBe(`${JSON.stringify(arn)} is no ARN of a queue`);
    expect(aws.asked).toHaveLength(0);
  });

  it('stays as it was where the queue does not take it', async () => {
    const aws = await openAws();
    const error = await errorOf(sqsVisibility().extend({ queueArn, receiptHandle: 'receipt-1' }, 43_201));
    expect(error.name).toContain('InvalidParameterValue');
    expect(aws.asked).toHaveLength(1);
  });

  it('is hidden once throttling is over', async () => {
    const aws = await openAws((_, request) => (request < 2 ? new Refusal('ThrottlingException') : undefined));
    await sqsVisibility().extend({ queueArn, receiptHandle: 'receipt-1' }, 60);
    expect(aws.requests).toHaveLength(3);
  });
});
