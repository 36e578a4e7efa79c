/** Who may send what over HTTP: each permission, and what strangers can make the server do. */
import { describe, expect, it } from '@jest/globals';
import type { Event } from '../../shared/events/event.ts';
import { MAX_BODY } from '../../shared/events/message.ts';
import type { Scope } from '../../shared/events/scope.ts';
import { JOB_FINISHED, JOB_STARTED } from '../../shared/events/types.ts';
import type { WorkingFunction } from '../../shared/runtime/function.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { EVERYTHING } from '../support/auth-credentials.ts';
import { guardedServers } from '../support/auth-server.ts';
import { get, type Sent, send } from '../support/http-client.ts';
import {
  batch,
  binary,
  evaluatedEvent,
  finishedEvent,
  finishedJobEvent,
  startedEvent,
  structured,
} from '../support/http-messages.ts';
import { problemIn } from '../support/http-problem.ts';
import { converse } from '../support/http-raw.ts';
import { layoutRequests, webhookRequests } from '../support/recorded.ts';

const serve = guardedServers();
const READS = { method: 'GET', path: '/api/scans' } as const;

describe('whoever is known', () => {
  it('may send whatever their credential is allowed, and the log says whose it was', async () => {
    const { send: sendAs, lines } = await serve({ all: { ...EVERYTHING, reads: true } });
    const sent = [
      structured(startedEvent()),
      binary(startedEvent({ name: 'b' }), '/job-started'),
      batch([startedEvent({ name: 'c' })]),
    ];
    for (const one of sent) expect((await sendAs(one, 'all')).status).toBe(200);
    expect(JSON.parse((await sendAs(READS, 'all')).body).items).toHaveLength(3);
    expect(lines).toMatchObject(Array(3).fill({ outcome: 'applied', credential: 'all' }));
  });

  it.each<[what: string, allowed: object, good: Sent, bad: Sent]>([
    [
      'functions',
      { functions: ['job-started'] },
      structured(startedEvent(), '/job-started'),
      structured(finishedEvent(), '/job-finished'),
    ],
    [
      'functions through POST /',
      { functions: ['job-started'] },
      structured(startedEvent()),
      structured(finishedJobEvent()),
    ],
    ['types', { types: [JOB_STARTED, JOB_FINISHED] }, structured(finishedEvent()), structured(evaluatedEvent())],
    [
      'namespaces',
      { namespaces: ['team-a'] },
      structured(startedEvent()),
      structured(startedEvent({ namespace: 'team-b' })),
    ],
    [
      'namespaces in binary mode',
      { namespaces: ['team-a'] },
      binary(startedEvent()),
      binary(startedEvent({ namespace: 'team-b' })),
    ],
    [
      'namespaces of whole Jobs',
      { namespaces: ['team-a'] },
      structured(finishedJobEvent()),
      structured({
        ...finishedJobEvent(),
        data: { ...(finishedJobEvent().data as object), metadata: { namespace: 'team-b' } },
      }),
    ],
    ['replays', {}, structured(startedEvent()), structured({ ...startedEvent(), scanreplay: 'monday' })],
    [
      'replays, however they are marked',
      {},
      structured(startedEvent()),
      structured({ ...startedEvent(), scanreplay: '' }),
    ],
  ])('may not send beyond its %s', async (_, allowed, good, bad) => {
    const { send: sendAs, lines } = await serve({ some: { ...EVERYTHING, ...allowed } });
    expect((await sendAs(good, 'some')).status).toBe(200);
    const { status, headers, body } = await sendAs(bad, 'some');
    expect([status, headers['www-authenticate'], JSON.parse(body)]).toMatchObject([403, undefined, { id: 'event-1' }]);
    expect(lines.at(-1)).toMatchObject({ outcome: 'refused', credential: 'some', id: 'event-1' });
  });

  it('may send replays where that is allowed', async () => {
    const { send: sendAs } = await serve({ replayer: { ...EVERYTHING, replays: true } });
    expect((await sendAs(structured({ ...startedEvent(), scanreplay: 'monday' }), 'replayer')).status).toBe(200);
  });

  it('is judged event by event in a batch, of which the others are taken', async () => {
    const { send: sendAs, url } = await serve({ some: { ...EVERYTHING, namespaces: ['team-a'], reads: true } });
    const told = [
      startedEvent({ id: 'a' }),
      startedEvent({ id: 'b', namespace: 'team-b' }),
      startedEvent({ id: 'c', name: 'c' }),
    ];
    const { status, body } = await sendAs(batch(told), 'some');
    expect([status, JSON.parse(body)]).toMatchObject([400, { index: 1, id: 'b' }]);
    expect(JSON.parse((await sendAs(READS, 'some')).body).items).toHaveLength(2);
    expect((await get(url, '/metrics')).body).toContain('outcome="refused"} 1\n');
  });

  it('does with the functions of POST / that it may send to, and hears of the others', async () => {
    const { send: sendAs } = await serve({ some: { ...EVERYTHING, functions: ['job-finished'], reads: true } });
    const { status, body } = await sendAs(structured(finishedJobEvent()), 'some');
    expect([status, JSON.parse(body).detail]).toEqual([
      403,
      'event "event-1": this credential may not send to job-started',
    ]);
    expect(JSON.parse((await sendAs(READS, 'some')).body).items).toMatchObject([{ status: { phase: 'Completed' } }]);
  });

  it('may read the list of scans only where that is allowed', async () => {
    const { send: sendAs } = await serve({ sender: EVERYTHING, reader: { reads: true } });
    expect(
      await Promise.all(['reader', 'sender', undefined].map(async (name) => (await sendAs(READS, name)).status)),
    ).toEqual([200, 403, 401]);
    expect((await sendAs(structured(startedEvent()), 'reader')).status).toBe(403);
  });
});

describe('the namespaces of a credential', () => {
  const asked: (readonly [Event, Scope])[] = [];
  const working: WorkingFunction = {
    name: 'working',
    accepts: [JOB_STARTED, JOB_FINISHED, 'dev.knative.apiserver.resource.update'],
    handle: async (event, scope) => {
      asked.push([event, scope]);
      return { outcome: 'applied', emits: [] };
    },
  };

  it('bound functions that do work of their own, which are not asked at all, or see no others', async () => {
    const { send: sendAs } = await serve({ some: { ...EVERYTHING, namespaces: ['team-a'] } }, { functions: [working] });
    expect((await sendAs(structured(startedEvent({ namespace: 'team-b' })), 'some')).status).toBe(403);
    expect(asked).toEqual([]);
    expect((await sendAs(structured(startedEvent()), 'some')).status).toBe(204);
    expect(
      (await sendAs(structured({ ...startedEvent(), data: { hidden: { namespace: 'team-b' } } }), 'some')).status,
    ).toBe(204);
    expect(asked.map(([, { namespaces }]) => namespaces)).toEqual([new Set(['team-a']), new Set(['team-a'])]);
  });

  it('bound every event that was recorded', async () => {
    const { send: sendAs } = await serve({ none: { ...EVERYTHING, namespaces: ['elsewhere'], reads: true } });
    for (const { rawHeaders, body } of [...webhookRequests, ...layoutRequests]) {
      const headers = Object.fromEntries(
        rawHeaders.flatMap((name, at) =>
          at % 2 === 0 && /^(?:ce-|content-type)/i.test(name) ? [[name, rawHeaders[at + 1] ?? '']] : [],
        ),
      );
      expect((await sendAs({ path: '/', headers, body }, 'none')).status).toBe(403);
    }
    expect(JSON.parse((await sendAs(READS, 'none')).body).items).toEqual([]);
  });
});

describe('a stranger', () => {
  it('is answered 401 in one line, with what is asked for', async () => {
    const { send: sendAs, url, lines } = await serve({ all: EVERYTHING });
    const none = await sendAs(structured(startedEvent()));
    expect(problemIn(none, 401).detail).toBe('authorization: a bearer token or a signature is required');
    expect(none.headers['www-authenticate']).toBe('Bearer realm="scan-status"');
    const wrong = await send(url, { ...structured(startedEvent()), headers: { authorization: 'Bearer x' } });
    expect([wrong.status, wrong.headers['www-authenticate']]).toEqual([
      401,
      'Bearer realm="scan-status", error="invalid_token"',
    ]);
    expect(lines).toMatchObject(Array(2).fill({ outcome: 'refused' }));
    expect(JSON.stringify(lines)).not.toContain('credential"');
  });

  it('is answered 401 whatever is in the body, which nobody interprets', async () => {
    const { send: sendAs } = await serve({ all: EVERYTHING });
    const headers = { 'content-type': 'application/cloudevents+json' };
    for (const body of ['{', '[]', 'x'.repeat(1_000), ''])
      for (const path of ['/', '/job-started']) expect((await sendAs({ path, headers, body })).status).toBe(401);
    expect((await sendAs({ path: '/', headers: { 'content-encoding': 'gzip' }, body: 'x' })).status).toBe(401);
  });

  it('is listened to no longer than a body may be long, and then is cut off', async () => {
    const { url } = await serve({ all: EVERYTHING });
    const head = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99999999999\r\n\r\n';
    // The rest never comes, and is not waited for.
    const { received, closed } = converse(url, Buffer.concat([Buffer.from(head), Buffer.alloc(MAX_BODY + 1, 'x')]));
    await closed;
    expect(received()).toMatch(/^HTTP\/1\.1 401 /);
    expect(received()).toMatch(/connection: close/i);
  });

  it('hears less than who is known, to whom it is told that a body is too large', async () => {
    const { send: sendAs } = await serve({ all: EVERYTHING });
    const sent = { ...structured(startedEvent()), body: 'x'.repeat(3 * MAX_BODY) };
    expect((await sendAs(sent, 'all')).status).toBe(413);
    expect((await sendAs({ ...sent, headers: { 'content-encoding': 'gzip' } }, 'all')).status).toBe(415);
  });

  it('may ask whether the server lives, and what it has counted', async () => {
    const { url } = await serve({ all: EVERYTHING });
    for (const path of ['/healthz', '/readyz', '/metrics']) expect((await get(url, path)).status).toBe(200);
  });

  it('is not asked for the name of this machine where a credential is', async () => {
    const { send: sendAs } = await serve({ all: EVERYTHING }, { isLoopback: true });
    const { headers, ...sent } = structured(startedEvent());
    expect((await sendAs({ ...sent, headers: { ...headers, host: 'scans.example' } }, 'all')).status).toBe(200);
  });
});

describe('where nobody can be judged now', () => {
  it('it is for the sender to come again', async () => {
    const authenticate = () => Promise.reject(new Unavailable('no keys', { retryAfter: 7 }));
    const { send: sendAs } = await serve({}, { authenticate });
    for (const sent of [structured(startedEvent()), READS]) {
      const { status, headers } = await sendAs(sent);
      expect([status, headers['retry-after']]).toEqual([503, '7']);
    }
  });
});
