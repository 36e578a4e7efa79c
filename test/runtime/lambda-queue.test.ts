/** Messages of a queue: which are named as failed, which are hidden for a while, and how often a scan is written. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { Refused } from '../../shared/events/rejected.ts';
import { POLICY_EVALUATED, STATUS_CHANGED } from '../../shared/events/types.ts';
import { readRecord } from '../../shared/replay/records.ts';
import type { WorkingFunction } from '../../shared/runtime/function.ts';
import type { Output } from '../../shared/runtime/output.ts';
import { LONGEST_HIDDEN, secondsHidden } from '../../shared/runtime/visibility.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import { type ScanStore, scanKey } from '../../shared/scans/store.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { errorOf } from '../support/error-of.ts';
import { evaluatedEvent, finishedEvent, startedEvent } from '../support/http-messages.ts';
import { busEvent, notification, QUEUE_ARN, queueEvent, queueMessage } from '../support/lambda-events.ts';
import { lambda } from '../support/lambda-in-process.ts';
import { storeWithout, unavailableStore } from '../support/server-stores.ts';
import { statuses } from '../support/statuses.ts';

/** A store that keeps a list of what was written to it. */
const counted = (store: ScanStore): { readonly store: ScanStore; readonly writes: readonly string[] } => {
  const writes: string[] = [];
  const write: ScanStore['write'] = async (read, next) => {
    writes.push(scanKey(read.scan));
    await store.write(read, next);
  };
  return { store: { ...store, write }, writes };
};

const named = (...places: readonly number[]) => ({
  batchItemFailures: places.map((place) => ({ itemIdentifier: `message-${place}` })),
});

const starts = (count: number) =>
  Array.from({ length: count }, (_, at) => startedEvent({ id: `event-${at}`, name: `image-${at}` }));

describe('a batch of ten messages', () => {
  it('names the malformed and the throttled alone, and writes two about one scan once', async () => {
    const { store, writes } = counted(storeWithout('throttled'));
    const { handler, hidden } = lambda({ store });
    const contents = [
      ...starts(3),
      '{"specversion":',
      startedEvent({ name: 'pair' }),
      startedEvent({ name: 'throttled' }),
      ...starts(3).map((event) => busEvent({ ...event, id: 'again' })),
      finishedEvent({ name: 'pair' }),
    ];
    expect(contents).toHaveLength(10);
    expect(await handler(queueEvent(contents, { receives: 1 }))).toEqual(named(3, 5));
    expect(writes.toSorted()).toEqual(
      ['image-0', 'image-1', 'image-2', 'pair'].map((name) => `team-a/ImageScan/${name}/uid-${name}`),
    );
    expect(await statuses(store)).toMatchObject({ 'team-a/ImageScan/pair': { phase: 'Completed' } });
    expect(hidden).toEqual([{ queueArn: QUEUE_ARN, receiptHandle: 'receipt-5', seconds: 6 }]);
  });

  it('of a FIFO queue names only what failed, too: what came after is done', async () => {
    const { handler } = lambda({ store: storeWithout('throttled') });
    const contents = [startedEvent(), startedEvent({ name: 'throttled' }), finishedEvent()];
    expect(await handler(queueEvent(contents, { isFifo: true }))).toEqual(named(1));
  });

  it('names all while the store is away, and none of them twice', async () => {
    const { handler, hidden } = lambda({ store: unavailableStore });
    expect(await handler(queueEvent(starts(10)))).toEqual(named(...Array.from({ length: 10 }, (_, at) => at)));
    expect(new Set(hidden.map(({ receiptHandle }) => receiptHandle)).size).toBe(10);
  });

  it('of 256 KiB each is handled whole', async () => {
    const { handler } = lambda();
    const padded = starts(10).map((event) => {
      const text = JSON.stringify(event);
      return `${text.slice(0, -1)}${' '.repeat(262_144 - text.length)}}`;
    });
    expect(await handler(queueEvent(padded))).toEqual(named());
  });
});

describe('a message', () => {
  it('that holds a batch fails where any of its events failed, and the others are applied', async () => {
    const store = storeWithout('throttled');
    const { handler, hidden } = lambda({ store });
    const contents = [
      [startedEvent({ name: 'a' }), startedEvent({ name: 'throttled' })],
      [startedEvent({ name: 'b' }), 5, finishedEvent({ name: 'c' })],
      [startedEvent({ name: 'd' }), finishedEvent({ name: 'd' })],
      [],
    ];
    expect(await handler(queueEvent(contents))).toEqual(named(0, 1));
    expect(Object.keys(await statuses(store))).toEqual(['a', 'b', 'c', 'd'].map((name) => `team-a/ImageScan/${name}`));
    expect(hidden.map(({ receiptHandle }) => receiptHandle)).toEqual(['receipt-0']);
  });

  it('that holds 1001 events is rejected whole', async () => {
    const store = memoryStore({ maximum: 2_000 });
    const { handler } = lambda({ store });
    expect(await handler(queueEvent([starts(1_001), starts(1_000).slice(0, 2)]))).toEqual(named(0));
    expect(Object.keys(await statuses(store))).toHaveLength(2);
  });

  it.each([
    [
      'nests a third envelope',
      busEvent(notification(busEvent(startedEvent()))),
      /detail: envelopes nest deeper than 2/,
    ],
    ['is no JSON', 'hello', /body: must be JSON/],
    ['nests without end', '['.repeat(65), /body: nests deeper than 64 levels/],
    ['is larger than 1 MiB', `"${'x'.repeat(1_048_576)}"`, /body: must not be larger than 1048576 bytes/],
    ['is none of ours', '{"a":1}', /body: must be a CloudEvent, a batch of them, or the exporter's object/],
    ['is a text', '"hello"', /body: must be a CloudEvent/],
    [
      'is about a namespace that is no text',
      { involvedObject: { namespace: { toString: 1 } }, metadata: {} },
      /id: is /,
    ],
    ['names a replay by a number', busEvent(startedEvent(), { 'replay-name': 5 }), /replay-name: must be a string/],
  ])('that %s is named, logged and not hidden, and spoils no other', async (_, content, why) => {
    const { handler, lines, hidden } = lambda();
    expect(await handler(queueEvent([content, startedEvent()]))).toEqual(named(0));
    expect(hidden).toEqual([]);
    expect(lines.filter(({ outcome }) => outcome === 'rejected')).toEqual([
      expect.objectContaining({ why: expect.stringMatching(why) }),
    ]);
    expect(lines).toContainEqual(
      expect.objectContaining({ message: 'message-0', queue: QUEUE_ARN, receives: 1, msg: 'a message failed' }),
    );
  });

  it('without a name fails the whole batch, which could not be answered for', async () => {
    const { handler } = lambda();
    const Records = [queueMessage(startedEvent()), { ...queueMessage(startedEvent(), 1), messageId: 5 }];
    const error = await errorOf(handler({ Records }));
    expect(error.message).toBe('Records[1].messageId: must be a string');
  });
});

describe('a dead-letter queue', () => {
  const bad = finishedEvent({ at: 'soon' });

  /** Takes all letters but those of this message. */
  const letters = (but?: string): { readonly deadLetters: Output; readonly taken: readonly JsonObject[] } => {
    const taken: JsonObject[] = [];
    const send: Output['send'] = async (sent) => {
      taken.push(...sent.filter(({ id }) => id !== but));
      return sent.map(({ id }) => (id === but ? new Unavailable('the queue is full') : undefined));
    };
    return { deadLetters: { send }, taken };
  };

  it('takes at once what is rejected, whole and in a shape that can be sent again', async () => {
    const { deadLetters, taken } = letters();
    const { handler, lines } = lambda({ deadLetters });
    expect(await handler(queueEvent([startedEvent(), bad, 'no JSON']))).toEqual(named());
    expect(taken).toMatchObject([
      { id: 'message-1', source: QUEUE_ARN, messageId: 'message-1', body: JSON.stringify(bad), eventSource: 'aws:sqs' },
      { id: 'message-2', body: 'no JSON', attributes: { SentTimestamp: '1763877600000' } },
    ]);
    expect(JSON.stringify(taken)).not.toContain('receipt');
    expect(readRecord(JSON.stringify(taken[0]))).toEqual({ mode: 'structured', envelopes: [bad] });
    expect(lines.filter(({ msg }) => msg === 'a message was put away')).toHaveLength(2);
    const mended = { ...taken[0], body: JSON.stringify(finishedEvent()) };
    expect(await handler(queueEvent([mended]))).toEqual(named());
    expect(taken).toHaveLength(2);
  });

  it('takes nothing that may yet succeed', async () => {
    const { deadLetters, taken } = letters();
    const refuse = async (): Promise<never> => {
      throw new Refused('scansignature: a verdict must be signed', { status: 401 });
    };
    const { handler } = lambda({ deadLetters, store: storeWithout('throttled'), verify: refuse });
    const throttled = startedEvent({ name: 'throttled' });
    expect(await handler(queueEvent([throttled, [bad, throttled], evaluatedEvent(), startedEvent()]))).toEqual(
      named(0, 1, 2),
    );
    expect(taken).toEqual([]);
  });

  it('that does not take a message leaves it where it was', async () => {
    const { deadLetters, taken } = letters('message-0');
    const { handler, lines } = lambda({ deadLetters });
    expect(await handler(queueEvent([bad, bad]))).toEqual(named(0));
    expect(taken).toHaveLength(1);
    expect(lines).toContainEqual(expect.objectContaining({ why: 'the queue is full', msg: 'no dead letter was sent' }));
  });
});

describe('what a function emits', () => {
  const verdict: WorkingFunction = {
    name: 'evaluate-policy',
    accepts: [POLICY_EVALUATED],
    handle: async () => ({ outcome: 'applied', emits: [{ ...evaluatedEvent(), id: 'emitted' }] }),
  };

  it('fails its message where it has nowhere to go, because it would be lost', async () => {
    const { handler, lines } = lambda({ functions: [verdict] });
    expect(await handler(queueEvent([evaluatedEvent()]))).toEqual(named(0));
    expect(lines).toContainEqual(
      expect.objectContaining({ why: `${POLICY_EVALUATED} has nowhere to go: no output is set` }),
    );
  });

  it('goes to the output, and fails its message alone where that does not take it', async () => {
    const sent: JsonObject[] = [];
    const output = {
      send: async (events: readonly JsonObject[]) => {
        sent.push(...events);
        return events.map(({ subject }) =>
          subject === 'team-a/ImageScan/image-1' ? new Unavailable('the bus is full') : undefined,
        );
      },
    };
    const { handler, hidden } = lambda({ output });
    expect(await handler(queueEvent([...starts(3), '5']))).toEqual(named(1, 3));
    expect(sent.map(({ type }) => type)).toEqual([STATUS_CHANGED, STATUS_CHANGED, STATUS_CHANGED]);
    expect(hidden).toHaveLength(1);
  });
});

describe('a throttled message', () => {
  const throttled = (receives: number) => queueEvent([startedEvent()], { receives });

  it.each([
    [1, 10],
    [2, 20],
    [7, 640],
    [8, 900],
    [1_000, 900],
  ])('is hidden, at receive %d, for at most %d seconds', async (receives, longest) => {
    const most = lambda({ store: unavailableStore, random: () => 0.999_999 });
    await most.handler(throttled(receives));
    expect(most.hidden[0]?.seconds).toBe(longest);
    const least = lambda({ store: unavailableStore, random: () => 0 });
    await least.handler(throttled(receives));
    expect(least.hidden[0]?.seconds).toBe(1);
  });

  it('counts as received once where its queue does not say how often', async () => {
    for (const attributes of [undefined, {}, { ApproximateReceiveCount: 9 }, { ApproximateReceiveCount: '1e9' }]) {
      const { handler, hidden } = lambda({ store: unavailableStore });
      await handler({ Records: [{ ...queueMessage(startedEvent()), attributes }] });
      expect(hidden[0]?.seconds).toBe(6);
    }
  });

  it('is named all the same where the queue does not hide it, which is logged', async () => {
    const extend = async (): Promise<never> => {
      throw new Error('AccessDenied');
    };
    const { handler, lines } = lambda({ store: unavailableStore, visibility: { extend } });
    expect(await handler(queueEvent(starts(2)))).toEqual(named(0, 1));
    const warned = lines.filter(({ msg }) => msg === 'a message could not be hidden');
    expect(warned).toMatchObject([
      { message: 'message-0', err: { message: 'AccessDenied' } },
      { message: 'message-1', err: { message: 'AccessDenied' } },
    ]);
  });
});

describe('secondsHidden', () => {
  const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const receives = fc.integer({ min: 1, max: 2_000 });

  it('is a whole number from 1 to 900, and grows with receives and with luck', () => {
    fc.assert(
      fc.property(receives, receives, randoms, randoms, (a, b, low, high) => {
        const seconds = secondsHidden(a, low);
        expect(Number.isInteger(seconds) && seconds >= 1 && seconds <= LONGEST_HIDDEN).toBe(true);
        if (a <= b && low <= high) expect(secondsHidden(b, high)).toBeGreaterThanOrEqual(seconds);
      }),
    );
  });

  it('uses all of its bound, so that what failed together comes back apart', () => {
    const seconds = Array.from({ length: 10_000 }, (_, at) => secondsHidden(20, at / 10_000));
    expect(new Set(seconds).size).toBe(LONGEST_HIDDEN);
  });

  it('brings no message back a thousand times in a day of outage, however the dice fall', () => {
    const MAX_RECEIVES = 1_000;
    const DAY = 86_400;
    const fair = fc.noBias(fc.nat(999_999)).map((millionths) => millionths / 1_000_000);
    fc.assert(
      fc.property(fc.infiniteStream(fair), (stream) => {
        let seconds = 0;
        let received = 0;
        for (const random of stream) {
          received += 1;
          seconds += secondsHidden(received, random);
          if (seconds >= DAY || received === MAX_RECEIVES) break;
        }
        expect(seconds).toBeGreaterThanOrEqual(DAY);
        expect(received).toBeLessThan(MAX_RECEIVES);
      }),
      { numRuns: 20 },
    );
  });
});
