/** Events that go to a sink: sent before the answer, and the answer knows whether they arrived. */
import { describe, expect, it } from '@jest/globals';
import { get, send } from '../support/http-client.ts';
import { batch, finishedEvent, finishedJobEvent, startedEvent, structured } from '../support/http-messages.ts';
import { problemIn } from '../support/http-problem.ts';
import { sinks } from '../support/http-sink.ts';
import { servers } from '../support/server-in-process.ts';

const serve = servers();
const openSink = sinks();

describe('with a sink', () => {
  it('sends the status-changed event there in structured mode, and answers 204', async () => {
    const sink = await openSink();
    const { url } = await serve({ sink: `${sink.url}/broker` });
    expect(await send(url, structured(finishedEvent()))).toMatchObject({ status: 204, body: '' });
    expect(sink.arrived).toEqual([
      {
        path: '/broker',
        headers: expect.objectContaining({ 'content-type': 'application/cloudevents+json; charset=utf-8' }),
        event: expect.objectContaining({ type: 'dev.scanstatus.status-changed.v1', subject: 'team-a/ImageScan/image' }),
      },
    ]);
  });

  it('answers only after the sink did', async () => {
    const order: string[] = [];
    const server = { url: '' };
    const sink = await openSink(async () => {
      // Whatever is not waiting for the sink has time to pass it: two whole requests.
      await get(server.url, '/healthz');
      await get(server.url, '/healthz');
      order.push('the sink answered');
      return { status: 200 };
    });
    server.url = (await serve({ sink: sink.url })).url;
    const answer = send(server.url, structured(finishedEvent()));
    await answer.then(() => order.push('we answered'));
    expect(order).toEqual(['the sink answered', 'we answered']);
  });

  it('sends nothing where nothing happened', async () => {
    const sink = await openSink();
    const { url } = await serve({ sink: sink.url });
    expect((await send(url, structured(startedEvent({ kind: 'CronScan' })))).status).toBe(204);
    problemIn(await send(url, structured(finishedEvent({ at: 'soon' }))), 400);
    expect(sink.arrived).toEqual([]);
  });

  it('sends a repeated finish again, the same event, and a repeated start not', async () => {
    const sink = await openSink();
    const { url } = await serve({ sink: sink.url });
    for (const event of [startedEvent(), startedEvent(), finishedEvent(), finishedEvent()]) {
      expect((await send(url, structured(event))).status).toBe(204);
    }
    const [, first, second] = sink.arrived.map(({ event }) => event);
    expect(sink.arrived).toHaveLength(3);
    expect(second).toEqual(first);
  });

  it('sends all events that a message causes', async () => {
    const sink = await openSink();
    const { url } = await serve({ sink: sink.url });
    expect((await send(url, structured(finishedJobEvent()))).status).toBe(204);
    expect((await send(url, batch([startedEvent({ name: 'a' }), startedEvent({ name: 'b' })]))).status).toBe(204);
    expect(sink.arrived.map(({ event }) => event.subject).toSorted()).toEqual(
      ['image', 'a', 'b'].map((name) => `team-a/ImageScan/${name}`).toSorted(),
    );
  });

  it.each([500, 503, 404, 400, 302])('answers 503 with Retry-After where the sink answers %d', async (status) => {
    const sink = await openSink(async () => ({ status, location: '/elsewhere' }));
    const { url } = await serve({ sink: sink.url });
    const answer = await send(url, structured(finishedEvent()));
    expect(problemIn(answer, 503)).toMatchObject({ id: 'event-1', detail: expect.stringContaining('the sink') });
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    expect(sink.arrived.map(({ path }) => path)).toEqual(['/']);
  });

  it('answers 503 where nobody listens, and logs why', async () => {
    const { url: nowhere, close } = await openSink();
    await close();
    const { url, lines } = await serve({ sink: nowhere });
    const answer = await send(url, structured(finishedEvent()));
    expect(problemIn(answer, 503)).toMatchObject({ id: 'event-1', detail: expect.stringContaining('the sink') });
    expect(lines).toEqual([
      expect.objectContaining({ outcome: 'unavailable', cause: expect.stringContaining('ECONNREFUSED') }),
    ]);
  });

  it('delivers what the sink refused once the event is sent again', async () => {
    const statuses = [500, 202];
    const sink = await openSink(async () => ({ status: statuses.shift() ?? 202 }));
    const { url } = await serve({ sink: sink.url });
    expect((await send(url, structured(finishedEvent()))).status).toBe(503);
    expect((await send(url, structured(finishedEvent()))).status).toBe(204);
    const [first, second] = sink.arrived.map(({ event }) => event);
    expect(second).toEqual(first);
  });

  it('answers 503 to a batch of which one event was not accepted, naming it', async () => {
    const sink = await openSink(async ({ event }) => ({ status: String(event.subject).endsWith('/b') ? 500 : 202 }));
    const { url } = await serve({ sink: sink.url });
    const sent = ['a', 'b', 'c'].map((name) => startedEvent({ id: name, name }));
    expect(problemIn(await send(url, batch(sent)), 503)).toMatchObject({ id: 'b' });
    expect(sink.arrived).toHaveLength(3);
  });
});
