/** What EventBridge and SNS push: it succeeds or fails as a whole, and tells what it told when it was first sent. */
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import type { Output } from '../../shared/runtime/output.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import { cloudEventOf } from '../support/cli-records.ts';
import { errorOf } from '../support/error-of.ts';
import { finishedEvent, startedEvent } from '../support/http-messages.ts';
import { busEvent, notification, queueEvent, topicEvent } from '../support/lambda-events.ts';
import { lambda } from '../support/lambda-in-process.ts';
import { layoutRequests, TRUTH, webhookRequests } from '../support/recorded.ts';
import { storeWithout, unavailableStore } from '../support/server-stores.ts';
import { statuses } from '../support/statuses.ts';

/** An output that keeps what it is given. */
const keeping = (): { readonly output: Output; readonly sent: readonly JsonObject[] } => {
  const sent: JsonObject[] = [];
  const send: Output['send'] = async (events) => {
    sent.push(...events);
    return events.map(() => undefined);
  };
  return { output: { send }, sent };
};

const exported = webhookRequests.map(({ body }): JsonObject => JSON.parse(body));

const SHAPES: readonly (readonly [name: string, event: (at: number) => JsonObject])[] = [
  ['EventBridge with CloudEvents', (at) => busEvent(events[at])],
  ['EventBridge with CloudEvents as texts', (at) => busEvent(JSON.stringify(events[at]))],
  ["EventBridge with the exporter's objects", (at) => busEvent(exported[at])],
  ["EventBridge with the exporter's objects as texts", (at) => busEvent(JSON.stringify(exported[at]))],
  ['SNS with CloudEvents', (at) => topicEvent([events[at]])],
  ["SNS with the exporter's objects", (at) => topicEvent([exported[at]])],
  ["a queue with the exporter's objects", (at) => queueEvent([exported[at]])],
  ["a queue behind EventBridge with the exporter's objects", (at) => queueEvent([busEvent(exported[at])])],
  ['a queue behind SNS behind EventBridge', (at) => queueEvent([notification(busEvent(exported[at]))])],
];
const events = webhookRequests.map(cloudEventOf);

describe('the recorded events', () => {
  it.each(SHAPES)('tell the truth through %s', async (_, event) => {
    const store = memoryStore({ maximum: 100 });
    const { handler } = lambda({ store });
    for (const at of exported.keys()) await handler(event(at));
    expect(await statuses(store)).toMatchObject(TRUTH);
  });

  it('tell the truth from an exporter with a layout, all in one notification of many records', async () => {
    const { 'team-search/ImageScan/indexer-image': _, ...held } = TRUTH;
    const store = memoryStore({ maximum: 100 });
    const { handler } = lambda({ store });
    await handler(topicEvent(layoutRequests.map(({ body }) => body)));
    expect(await statuses(store)).toMatchObject(held);
  });
});

describe('what is pushed', () => {
  it('says nothing where all is well', async () => {
    const { handler } = lambda();
    expect(await handler(busEvent(startedEvent()))).toBeUndefined();
    expect(await handler(topicEvent([finishedEvent(), startedEvent({ name: 'other' })]))).toBeUndefined();
  });

  it.each([
    ['is rejected', busEvent(finishedEvent({ at: 'soon' })), /^rejected: event "event-1": data\.finishedAt: must be /],
    ['has no detail', { 'detail-type': 'a' }, /^rejected: detail: must be a CloudEvent/],
    ['holds no notification', { Records: [{ EventSource: 'aws:sns' }] }, /^rejected: message: must be a CloudEvent/],
    [
      'has an id of two lines',
      busEvent(startedEvent({ id: 'one\ntwo' })),
      /^rejected: event "one\\ntwo": id: must not/,
    ],
    [
      'has an attribute of two lines',
      busEvent({ ...startedEvent(), 'a\n\u0085\u0000b': 1 }),
      /^rejected: event "event-1": a b: attribute names/,
    ],
    ['fails twice', topicEvent(['5', 'no']), /^rejected: Message: must be a CloudEvent.+ \(and 1 more\)$/],
    ['nests a third envelope', busEvent(busEvent(notification(busEvent({})))), /^rejected: detail: envelopes nest/],
  ])('fails in one line where it %s', async (_, event, message) => {
    const { handler, lines } = lambda();
    const error = await errorOf(handler(event));
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^[^\n]+$/);
    expect(error.stack).toBe(`Failed: ${error.message}`);
    expect(lines).toContainEqual(expect.objectContaining({ msg: 'the invocation failed', why: error.message }));
  });

  it('fails while the store is away', async () => {
    const { handler } = lambda({ store: unavailableStore });
    const error = await errorOf(handler(busEvent(startedEvent())));
    expect(error.message).toBe('unavailable: event "event-1": the store is away');
  });

  it('fails as a whole, though all that can be is applied', async () => {
    const store = storeWithout('throttled');
    const { handler } = lambda({ store });
    const event = topicEvent([startedEvent({ name: 'a' }), startedEvent({ name: 'throttled' }), finishedEvent()]);
    expect((await errorOf(handler(event))).message).toMatch(/^unavailable: /);
    expect(Object.keys(await statuses(store))).toEqual(['team-a/ImageScan/a', 'team-a/ImageScan/image']);
  });

  it.each([
    ['deep', 65, /nests deeper than 64 levels/],
    ['deeper than any stack', 100_000, /nests too deep/],
  ])('is rejected where its detail is %s', async (_, levels, message) => {
    const { handler } = lambda();
    const detail = JSON.parse(`{"a":${'['.repeat(levels)}${']'.repeat(levels)}}`);
    expect((await errorOf(handler(busEvent(detail)))).message).toMatch(message);
  });
});

describe('a replay of an archive', () => {
  const replayed = { 'replay-name': 'november' };

  it.each([
    ['a CloudEvent', busEvent(startedEvent(), replayed)],
    ['a CloudEvent that was marked before', busEvent({ ...startedEvent(), scanreplay: 'october' }, replayed)],
    ['a CloudEvent as a text', busEvent(JSON.stringify(startedEvent()), replayed)],
    ["the exporter's object", busEvent(exported[0], replayed)],
    ['a CloudEvent that comes through a queue', queueEvent([busEvent(startedEvent(), replayed)])],
    ['a batch that comes through a topic', topicEvent([busEvent(JSON.stringify([startedEvent()]), replayed)])],
    ['a replay that was itself archived', busEvent(busEvent(startedEvent(), { 'replay-name': 'old' }), replayed)],
  ])('marks what %s causes', async (_, event) => {
    const { output, sent } = keeping();
    const { handler } = lambda({ output });
    await handler(event);
    expect(sent).toMatchObject([{ scanreplay: 'november' }]);
  });

  it('marks nothing where there is none', async () => {
    for (const event of [busEvent(startedEvent()), busEvent(startedEvent(), { 'replay-name': null })]) {
      const { output, sent } = keeping();
      const { handler } = lambda({ output });
      await handler(event);
      expect(sent).toHaveLength(1);
      expect(sent[0]).not.toHaveProperty('scanreplay');
    }
  });

  it('changes nothing that is already told', async () => {
    const store = memoryStore({ maximum: 100 });
    const { handler } = lambda({ store });
    for (const event of exported) await handler(busEvent(event));
    const told = JSON.stringify(await statuses(store));
    for (const event of exported) await handler(busEvent(event, replayed));
    expect(JSON.stringify(await statuses(store))).toBe(told);
  });
});
