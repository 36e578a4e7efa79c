/** Outcomes as senders hear of them: what each status and each body says, for one event and for a batch. */
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { type Answer, listedStatuses, listScans, send } from '../support/http-client.ts';
import {
  batch,
  binary,
  evaluatedEvent,
  finishedEvent,
  finishedJobEvent,
  startedEvent,
  structured,
  withData,
} from '../support/http-messages.ts';
import { problemIn } from '../support/http-problem.ts';
import { servers } from '../support/server-in-process.ts';
import { brokenStore, storeOfTheGone, storeWithout, unavailableStore } from '../support/server-stores.ts';

const serve = servers();

const MODES = [
  { mode: 'structured', carry: structured },
  { mode: 'binary', carry: binary },
];

const bodyOf = ({ body }: Answer) => JSON.parse(body);

describe('the answer to an event that is applied', () => {
  it.each(MODES)('is 200 with the status-changed event in structured mode (sent in $mode mode)', async ({ carry }) => {
    const { url } = await serve();
    const answer = await send(url, carry(finishedEvent(), '/job-finished'));
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    expect(bodyOf(answer)).toMatchObject({
      specversion: '1.0',
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      source: '/scanstatus/test',
      type: 'dev.scanstatus.status-changed.v1',
      subject: 'team-a/ImageScan/image',
      time: '2025-06-01T10:05:00Z',
      data: {
        scan: { kind: 'ImageScan', namespace: 'team-a', name: 'image', uid: 'uid-image' },
        run: { uid: 'run-1', age: '2025-06-01T10:05:00Z' },
        fact: { type: 'finished', at: '2025-06-01T10:05:00Z' },
        changes: [
          { type: 'Scanning', to: 'False' },
          { type: 'Succeeded', to: 'True' },
        ],
        phase: 'Completed',
      },
    });
  });

  it('carries traceparent and scanreplay through', async () => {
    const { url } = await serve();
    const carried = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', scanreplay: 'august' };
    const answer = await send(url, structured({ ...startedEvent(), ...carried, other: 'x' }));
    expect(bodyOf(answer)).toMatchObject(carried);
    expect(bodyOf(answer)).not.toHaveProperty('other');
  });

  it('is the finish of a Job seen whole, which says all that its start would', async () => {
    const { url } = await serve();
    const answer = await send(url, structured(finishedJobEvent()));
    expect(answer.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    expect(bodyOf(answer).data.fact).toEqual({ type: 'finished', at: '2025-06-01T10:05:00Z' });
  });
});

describe('the answer to an event that is seen twice', () => {
  it('is 204 for a start', async () => {
    const { url } = await serve();
    expect((await send(url, structured(startedEvent()))).status).toBe(200);
    expect(await send(url, structured(startedEvent()))).toMatchObject({ status: 204, body: '' });
  });

  it.each([
    { what: 'a finish', event: finishedEvent() },
    { what: 'a verdict', event: evaluatedEvent() },
  ])('is the same event again for $what', async ({ event }) => {
    const { url } = await serve();
    const first = await send(url, structured(event));
    const second = await send(url, structured({ ...event, id: 'another' }));
    expect(second.status).toBe(200);
    expect(bodyOf(second)).toEqual(bodyOf(first));
  });
});

describe('the answer 204', () => {
  it('is given to what is ignored', async () => {
    const { url } = await serve();
    const ignored = [
      startedEvent({ kind: 'CronScan' }),
      { ...finishedJobEvent(), data: { kind: 'Pod', metadata: {} } },
      { ...startedEvent(), data: { reason: 'Suspended', metadata: {}, involvedObject: { kind: 'Job' } } },
    ];
    for (const event of ignored) expect((await send(url, structured(event))).status).toBe(204);
    expect(await listScans(url)).toEqual([]);
  });

  it('is given to a run that a newer one superseded, which is kept nevertheless', async () => {
    const { url } = await serve();
    await send(url, structured(startedEvent({ run: 'newer', at: '2025-06-02T00:00:00Z' })));
    const older = finishedEvent({ run: 'older', at: '2025-06-01T00:00:00Z' });
    expect((await send(url, structured(older))).status).toBe(204);
    const { 'team-a/ImageScan/image': status } = await listedStatuses(url);
    expect(status).toMatchObject({ phase: 'Scanning', runs: [{ uid: 'newer' }, { uid: 'older' }] });
  });

  it('is given to an event about a scan that is gone', async () => {
    const { url } = await serve({ store: storeOfTheGone() });
    expect((await send(url, structured(finishedEvent()))).status).toBe(204);
  });
});

describe('the answer to an event that is rejected', () => {
  const { scan, ...noScan } = finishedEvent().data as JsonObject;

  it.each([
    { field: 'data.finishedAt', event: withData(finishedEvent(), { finishedAt: 'soon' }) },
    { field: 'data.scan', event: { ...finishedEvent(), data: noScan } },
    { field: 'data.scan.name', event: finishedEvent({ name: 'No_Name' }) },
    { field: 'data.outcome', event: withData(finishedEvent(), { outcome: 'fine' }) },
    { field: 'data', event: { ...finishedEvent(), data: 'no JSON' } },
    { field: 'time', event: { ...finishedEvent(), time: 'yesterday' } },
    { field: 'specversion', event: { ...finishedEvent(), specversion: '0.3' } },
  ])('is 400 naming the id and $field, in both modes', async ({ field, event }) => {
    const { url } = await serve();
    for (const { carry } of MODES) {
      expect(problemIn(await send(url, carry(event)), 400)).toMatchObject({ id: 'event-1', field });
    }
    expect(await listScans(url)).toEqual([]);
  });

  it('is ASCII however the id is written', async () => {
    const { url } = await serve();
    for (const { carry } of MODES) {
      const answer = await send(url, carry(finishedEvent({ id: 'sürprise 🦀', at: 'soon' })));
      const problem = problemIn(answer, 400);
      expect(problem).toMatchObject({ id: 'sürprise 🦀', field: 'data.finishedAt' });
      expect(problem.detail).toContain('sürprise 🦀');
    }
  });

  it('is one line, even where the event holds several', async () => {
    const { url } = await serve();
    const problem = problemIn(await send(url, structured(finishedEvent({ id: 'one\ntwo' }))), 400);
    expect(problem).toMatchObject({ id: 'one\ntwo', field: 'id' });
  });

  it.each(['id', 'source', 'type', 'specversion'])('is 400 where %s is missing, which is not made up', async (name) => {
    const { url } = await serve();
    const { [name]: _, ...event } = finishedEvent();
    for (const { carry } of MODES) expect(problemIn(await send(url, carry(event)), 400).field).toBe(name);
  });

  it('is 415 where the data is no JSON by its own word', async () => {
    const { url } = await serve();
    const answer = await send(url, structured({ ...finishedEvent(), datacontenttype: 'text/xml' }));
    expect(problemIn(answer, 415)).toMatchObject({ id: 'event-1', field: 'datacontenttype' });
  });
});

describe('the answer to an instant', () => {
  const MINUTE = 60_000;
  const ahead = (minutes: number): string => new Date(Date.now() + minutes * MINUTE).toISOString();
  const jobAt = (path: 'metadata' | 'status', data: JsonObject): JsonObject => {
    const event = finishedJobEvent();
    return withData(event, { [path]: { ...((event.data as JsonObject)[path] as JsonObject), ...data } });
  };
  const exported = (at: JsonObject): JsonObject => ({
    ...startedEvent(),
    data: {
      metadata: {},
      reason: 'SuccessfulCreate',
      involvedObject: {
        kind: 'Job',
        namespace: 'team-a',
        name: 'scan-run-1',
        uid: 'run-1',
        ownerReferences: ((finishedJobEvent().data as JsonObject).metadata as JsonObject).ownerReferences,
      },
      ...at,
    },
  });
  const FIELDS: readonly [field: string, event: (at: string) => JsonObject][] = [
    ['data.startedAt', (at) => startedEvent({ at })],
    ['data.run.createdAt', (at) => withData(startedEvent(), { run: { job: 'job', uid: 'run-1', createdAt: at } })],
    ['data.finishedAt', (at) => finishedEvent({ at })],
    ['data.evaluatedAt', (at) => evaluatedEvent({ at })],
    ['data.firstTimestamp', (at) => exported({ firstTimestamp: at })],
    ['data.eventTime', (at) => exported({ eventTime: at })],
    ['data.metadata.creationTimestamp', (at) => exported({ metadata: { creationTimestamp: at } })],
    ['data.metadata.creationTimestamp', (at) => jobAt('metadata', { creationTimestamp: at })],
    ['data.status.startTime', (at) => jobAt('status', { startTime: at })],
    [
      'data.status.conditions',
      (at) => jobAt('status', { conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: at }] }),
    ],
  ];

  it.each(FIELDS)('in %s is 400 more than 10 minutes ahead of the clock, and before 2015', async (field, event) => {
    const { url } = await serve();
    for (const at of [ahead(11), '2099-01-01T00:00:00Z', '2014-12-31T23:59:59Z', '0001-01-01T00:00:00.5Z']) {
      expect(problemIn(await send(url, structured(event(at))), 400)).toMatchObject({ id: 'event-1', field });
    }
    expect(await listScans(url)).toEqual([]);
  });

  it.each(FIELDS)('in %s is 200 within those bounds', async (_, event) => {
    for (const at of [ahead(9), '2015-01-01T00:00:00Z']) {
      const { url } = await serve();
      expect((await send(url, structured(event(at)))).status).toBe(200);
    }
  });
});

describe('the answer while the store is unavailable', () => {
  it.each(MODES)('is 503 with Retry-After, naming the event ($mode mode)', async ({ carry }) => {
    const { url } = await serve({ store: unavailableStore });
    const answer = await send(url, carry(finishedEvent()));
    expect(problemIn(answer, 503)).toMatchObject({ id: 'event-1', detail: 'event "event-1": the store is away' });
    expect(answer.headers['retry-after']).toBe('7');
  });

  it('is 503, too, where the mistake is ours, and says no more than that', async () => {
    const { url, lines } = await serve({ store: brokenStore() });
    const problem = problemIn(await send(url, structured(finishedEvent())), 503);
    expect(problem).toMatchObject({ id: 'event-1', detail: 'event "event-1": the store failed' });
    expect(lines).toEqual([
      expect.objectContaining({ msg: 'the store failed', err: expect.objectContaining({ stack: expect.any(String) }) }),
      expect.objectContaining({ cause: 'undefined is not a function' }),
    ]);
  });

  it('is still 400 to what is wrong, and 204 to what is ignored', async () => {
    const { url } = await serve({ store: unavailableStore });
    problemIn(await send(url, structured(finishedEvent({ at: 'soon' }))), 400);
    expect((await send(url, structured(startedEvent({ kind: 'CronScan' })))).status).toBe(204);
  });
});

describe('the answer to a batch', () => {
  it('is 200 with the events that it caused, in their order', async () => {
    const { url } = await serve();
    const sent = batch([
      startedEvent({ id: '1', name: 'a' }),
      startedEvent({ id: '2', kind: 'CronScan' }),
      finishedEvent({ id: '3', name: 'b' }),
    ]);
    const answer = await send(url, sent);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/cloudevents-batch+json; charset=utf-8');
    expect(bodyOf(answer).map(({ subject }: { subject: string }) => subject)).toEqual([
      'team-a/ImageScan/a',
      'team-a/ImageScan/b',
    ]);
  });

  it('is an empty batch where it caused nothing, and to an empty one', async () => {
    const { url } = await serve();
    for (const events of [[], [startedEvent({ kind: 'CronScan' })]]) {
      expect(await send(url, batch(events))).toMatchObject({ status: 200, body: '[]' });
    }
  });

  it('is a batch of one to a batch of one', async () => {
    const { url } = await serve();
    expect(bodyOf(await send(url, batch([startedEvent()])))).toHaveLength(1);
  });

  it('is 400 naming the malformed, while the others are applied', async () => {
    const { url } = await serve();
    const bad = finishedEvent({ id: 'bad', at: 'soon' });
    const answer = await send(url, batch([startedEvent({ name: 'a' }), bad, startedEvent({ name: 'b' })]));
    expect(problemIn(answer, 400)).toMatchObject({ id: 'bad', field: 'data.finishedAt' });
    expect(Object.keys(await listedStatuses(url))).toEqual(['team-a/ImageScan/a', 'team-a/ImageScan/b']);
  });

  it('is 400 naming all the malformed, whatever they are', async () => {
    const { url } = await serve();
    const bad = [finishedEvent({ id: 'bad', at: 'soon' }), 5, null, [], { id: 'lonely' }];
    const { events, detail } = problemIn(await send(url, batch([startedEvent(), ...bad])), 400);
    expect(events).toEqual([
      { index: 1, id: 'bad', field: 'data.finishedAt' },
      { index: 2, field: 'body' },
      { index: 3, field: 'body' },
      { index: 4, field: 'body' },
      { index: 5, id: 'lonely', field: 'source' },
    ]);
    expect(detail).toMatch(/^event "bad": data\.finishedAt: .+ \(and 4 more\)$/);
  });

  it('names each of many malformed', async () => {
    const { url } = await serve();
    const bad = Array.from({ length: 25 }, (_, at) => finishedEvent({ id: `bad-${at}`, at: 'soon' }));
    const { events, detail } = problemIn(await send(url, batch(bad)), 400);
    expect(events?.map(({ id }) => id)).toEqual(bad.map(({ id }) => id));
    expect(detail).toContain('(and 24 more)');
  });

  it('is 503 where any is unavailable, even beside a malformed one, and all others are applied', async () => {
    const { url } = await serve({ store: storeWithout('stuck') });
    const sent = [startedEvent({ name: 'a' }), startedEvent({ id: 'later', name: 'stuck' }), 5];
    const answer = await send(url, batch(sent));
    expect(problemIn(answer, 503)).toMatchObject({ id: 'later' });
    expect(answer.headers['retry-after']).toBe('7');
    expect(Object.keys(await listedStatuses(url))).toEqual(['team-a/ImageScan/a']);
  });

  it('writes a scan once, however many events of the batch are about it', async () => {
    const { url } = await serve();
    await send(url, batch([startedEvent(), finishedEvent(), evaluatedEvent(), startedEvent()]));
    const [scan] = await listScans(url);
    expect(scan).toMatchObject({ metadata: { resourceVersion: '1' }, status: { phase: 'Completed' } });
  });

  it('is 413 to 1001 events, none of which is applied, and 200 to 1000', async () => {
    const { url } = await serve();
    const events = Array.from({ length: 1_001 }, (_, at) => startedEvent({ id: `${at}`, name: `image-${at}` }));
    expect(problemIn(await send(url, batch(events)), 413).field).toBe('body');
    expect(await listScans(url)).toEqual([]);
    expect(bodyOf(await send(url, batch(events.slice(1))))).toHaveLength(1_000);
  });

  it('is 400 to what is no array', async () => {
    const { url } = await serve();
    for (const body of ['{}', '5', '"[]"', '[1', '']) {
      expect(problemIn(await send(url, { ...batch([]), body }), 400).field).toBe('body');
    }
  });
});
