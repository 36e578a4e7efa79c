/** Events that go to a bus and to queues which were not written by us, and come back from there as they were sent. */
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { readRecord } from '../../shared/replay/records.ts';
import { busOutput } from '../../shared/runtime/event-bus.ts';
import { queueOutput, sqsVisibility } from '../../shared/runtime/sqs.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { eventOfBytes, statusChangedEvent, verdictOf } from '../support/emitted-events.ts';
import { errorOf } from '../support/error-of.ts';
import { awsEnvironment } from '../support/s3-server.ts';
import { startMoto } from './support/moto.ts';

const moto = await startMoto();
const describeWithMoto = moto === undefined ? describe.skip : describe;

interface Queue {
  readonly url: string;
  readonly arn: string;
}

describeWithMoto('events that go to AWS', () => {
  const environment = awsEnvironment();
  beforeEach(() => environment({ AWS_ENDPOINT_URL: moto?.url ?? '' }));
  afterAll(() => moto?.stop());

  const createQueue = async (name: string, attributes: Readonly<Record<string, string>> = {}): Promise<Queue> => {
    const client = new SQSClient();
    const { QueueUrl: url = '' } = await client.send(
      new CreateQueueCommand({ QueueName: name, Attributes: attributes }),
    );
    const asked = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] });
    const arn = (await client.send(asked)).Attributes?.QueueArn ?? '';
    client.destroy();
    return { url, arn };
  };

  /** A bus of which a rule sends to the queue what the functions emit. */
  const createBus = async (bus: string, { arn }: Queue): Promise<void> => {
    const client = new EventBridgeClient();
    const pattern = { source: ['scan-status'], 'detail-type': [{ prefix: 'dev.scanstatus.' }] };
    const rule = { Name: `${bus}-rule`, EventBusName: bus };
    await client.send(new CreateEventBusCommand({ Name: bus }));
    await client.send(new PutRuleCommand({ ...rule, EventPattern: JSON.stringify(pattern) }));
    await client.send(
      new PutTargetsCommand({ Rule: rule.Name, EventBusName: bus, Targets: [{ Id: 'queue', Arn: arn }] }),
    );
    client.destroy();
  };

  const receive = async ({ url }: Queue, limit = 10): Promise<readonly Message[]> => {
    const client = new SQSClient();
    const all = { MessageSystemAttributeNames: ['All' as const] };
    const asked = new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: limit, ...all });
    const { Messages = [] } = await client.send(asked);
    client.destroy();
    return Messages;
  };

  /** Receives until there is nothing left. */
  const receiveAll = async (queue: Queue): Promise<readonly Message[]> => {
    const received: Message[] = [];
    for (let some = await receive(queue); some.length > 0; some = await receive(queue)) received.push(...some);
    return received;
  };

  /** The events in messages, as whatever reads a queue reads them. */
  const eventsIn = (messages: readonly Message[]): readonly JsonObject[] =>
    messages.flatMap((message) => {
      const read = readRecord(JSON.stringify(message));
      return 'envelopes' in read ? (read.envelopes as readonly JsonObject[]) : [];
    });

  const byId = (events: readonly JsonObject[]): readonly JsonObject[] =>
    events.toSorted((a, b) => (String(a.id) < String(b.id) ? -1 : 1));

  const EVENTS = [
    statusChangedEvent('event-1', ['“ä”\ufffe\uffff\u0000 😀']),
    { ...statusChangedEvent('event-2'), traceparent: '00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01' },
    verdictOf('event-3', ['CVE-2025-1']),
    ...Array.from({ length: 20 }, (_, at) => statusChangedEvent(`more-${at}`)),
    eventOfBytes(200_000, 'large-1'),
    eventOfBytes(200_000, 'large-2'),
  ];

  it('come through a rule of a bus to a queue, each as it was sent', async () => {
    const queue = await createQueue('behind-a-bus');
    await createBus('scans', queue);
    expect(await busOutput('scans').send(EVENTS)).toStrictEqual(EVENTS.map(() => undefined));
    const messages = await receiveAll(queue);
    expect(byId(eventsIn(messages))).toStrictEqual(byId(EVENTS));
    const envelope = JSON.parse(messages.find(({ Body = '' }) => Body.includes('event-3'))?.Body ?? '');
    expect(envelope).toMatchObject({ source: 'scan-status', time: '2025-06-01T10:05:00Z' });
  });

  it('come to a queue, each as it was sent', async () => {
    const queue = await createQueue('events');
    expect(await queueOutput(queue.url).send(EVENTS)).toStrictEqual(EVENTS.map(() => undefined));
    expect(byId(eventsIn(await receiveAll(queue)))).toStrictEqual(byId(EVENTS));
  });

  it('come to a FIFO queue once, however often they are sent', async () => {
    const queue = await createQueue('events.fifo', { FifoQueue: 'true' });
    const output = queueOutput(queue.url);
    for (let times = 0; times < 2; times += 1) {
      expect(await output.send(EVENTS.slice(0, 3))).toStrictEqual([undefined, undefined, undefined]);
    }
    const messages = await receiveAll(queue);
    expect(byId(eventsIn(messages))).toStrictEqual(EVENTS.slice(0, 3));
    expect(messages[0]?.Attributes).toMatchObject({ MessageGroupId: 'team-a/ImageScan/image' });
  });

  it('are not accepted by a queue that is not there', async () => {
    const { url } = await createQueue('there');
    const [why] = await queueOutput(url.replace('there', 'not-there')).send(EVENTS.slice(0, 1));
    expect(why).toBeInstanceOf(Unavailable);
    expect(why?.message).toContain('QueueDoesNotExist');
  });

  it('are hidden for as long as they are told to, and seen again when that is over', async () => {
    const queue = await createQueue('hides', { VisibilityTimeout: '900' });
    await queueOutput(queue.url).send(EVENTS.slice(0, 1));
    const [message] = await receive(queue);
    const receipt = { queueArn: queue.arn, receiptHandle: message?.ReceiptHandle ?? '' };
    await sqsVisibility().extend(receipt, 600);
    expect(await receive(queue)).toHaveLength(0);
    await sqsVisibility().extend(receipt, 0);
    const [again] = await receive(queue);
    expect(again?.MessageId).toBe(message?.MessageId);
    expect(again?.Attributes).toMatchObject({ ApproximateReceiveCount: '2' });
  });

  it('are not hidden by a queue that never handed them out', async () => {
    const { arn } = await createQueue('knows-nothing');
    const error = await errorOf(sqsVisibility().extend({ queueArn: arn, receiptHandle: 'made up' }, 60));
    expect(error.name).toBe('ReceiptHandleIsInvalid');
  });
});
