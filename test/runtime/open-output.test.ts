/** The output that the settings name is the one that gets the events. */
import { describe, expect, it } from '@jest/globals';
import { readRuntimeSettings } from '../../shared/runtime/config.ts';
import { openOutput } from '../../shared/runtime/open-output.ts';
import { openVisibility } from '../../shared/runtime/open-visibility.ts';
import { awsServers } from '../support/aws-server.ts';
import { statusChangedEvent } from '../support/emitted-events.ts';
import { sinks } from '../support/http-sink.ts';

const openAws = awsServers();
const openSink = sinks();

const open = (environment: Readonly<Record<string, string>>) => openOutput(readRuntimeSettings(environment));
const EVENTS = [statusChangedEvent('event-1')];

describe('what is emitted', () => {
  it('is the answer where no output is named', () => {
    expect(open({})).toBeUndefined();
  });

  it('goes to the address that K_SINK names', async () => {
    const { url, arrived } = await openSink();
    expect(await open({ K_SINK: url })?.send(EVENTS)).toStrictEqual([undefined]);
    expect(arrived).toHaveLength(1);
  });

  it('goes to the bus that EVENT_BUS_NAME names, over one client', async () => {
    const aws = await openAws();
    const output = open({ EVENT_BUS_NAME: 'scans' });
    await Promise.all([output?.send(EVENTS), output?.send(EVENTS)]);
    await output?.send(EVENTS);
    expect(aws.taken.map(({ EventBusName }) => EventBusName)).toEqual(['scans', 'scans', 'scans']);
    expect(aws.connections().made).toBeLessThanOrEqual(2);
  });

  it('goes to the queue that EVENT_QUEUE_URL names', async () => {
    const aws = await openAws();
    const queue = `${aws.url}/123456789012/events`;
    expect(await open({ EVENT_QUEUE_URL: queue })?.send(EVENTS)).toStrictEqual([undefined]);
    expect(aws.requests).toMatchObject([{ operation: 'SendMessageBatch', input: { QueueUrl: queue } }]);
  });
});

describe('a message that is handed out again', () => {
  it('is hidden by its queue, over one client', async () => {
    const aws = await openAws();
    const { extend } = openVisibility();
    const queueArn = 'arn:aws:sqs:eu-central-1:123456789012:facts';
    for (const receiptHandle of ['a', 'b', 'c']) await extend({ queueArn, receiptHandle }, 60);
    expect(aws.requests.map(({ input }) => input.ReceiptHandle)).toEqual(['a', 'b', 'c']);
    expect(aws.connections().made).toBe(1);
  });
});
