/** Requests to a function URL or an HTTP API: in both payloads the answers of a server. */
import { describe, expect, it } from '@jest/globals';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { jobStarted } from '../../functions/job-started/handler.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { Refused } from '../../shared/events/rejected.ts';
import type { Authenticate } from '../../shared/runtime/auth-caller.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import type { Answer, Sent } from '../support/http-client.ts';
import { batch, binary, finishedEvent, startedEvent, structured } from '../support/http-messages.ts';
import { problemIn } from '../support/http-problem.ts';
import { busEvent, oldRequest, queueEvent, topicEvent, urlRequest } from '../support/lambda-events.ts';
import { lambda } from '../support/lambda-in-process.ts';
import { unavailableStore } from '../support/server-stores.ts';
import { statuses } from '../support/statuses.ts';

const ask = async (called: Promise<unknown>): Promise<Answer> => {
  const { statusCode, headers, body, isBase64Encoded } = (await called) as APIGatewayProxyStructuredResultV2;
  expect(isBase64Encoded).toBe(false);
  return { status: statusCode ?? 0, headers: headers as Answer['headers'], body: body ?? '' };
};

const PAYLOADS: readonly (readonly [name: string, carry: (sent: Sent) => JsonObject])[] = [
  ['2.0', urlRequest],
  ['1.0', oldRequest],
];

describe.each(PAYLOADS)('a request in payload %s', (_, carry) => {
  it.each([
    ['binary', binary(startedEvent(), '/job-started')],
    ['structured', structured(startedEvent(), '/job-started')],
    ['structured, to all functions', structured(startedEvent(), '/')],
  ])('is answered with the status-changed event (%s mode)', async (__, sent) => {
    const answer = await ask(lambda().handler(carry(sent)));
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/cloudevents+json; charset=utf-8' },
    });
    expect(JSON.parse(answer.body)).toMatchObject({ specversion: '1.0', subject: 'team-a/ImageScan/image' });
  });

  it('in batch mode is answered with a batch', async () => {
    const sent = batch([startedEvent({ name: 'a' }), finishedEvent({ name: 'b' })]);
    const answer = await ask(lambda().handler(carry(sent)));
    expect(answer.headers['content-type']).toBe('application/cloudevents-batch+json; charset=utf-8');
    expect(JSON.parse(answer.body)).toHaveLength(2);
  });

  it('is answered 204 without a body where there is nothing to say', async () => {
    const answer = await ask(lambda().handler(carry(structured(startedEvent({ kind: 'CronScan' })))));
    expect(answer).toMatchObject({ status: 204, body: '' });
  });

  it('is answered 503 with Retry-After while the store is away', async () => {
    const answer = await ask(lambda({ store: unavailableStore }).handler(carry(structured(startedEvent()))));
    expect(problemIn(answer, 503).id).toBe('event-1');
    expect(answer.headers['retry-after']).toBe('7');
  });

  it.each(['/nothing', '/job-started/', '/JOB-STARTED', '/job-finished', '//', '/v1/job-started', '/__proto__'])(
    'to %s is never answered 404, because Knative would send it again for ever',
    async (path) => {
      const { handler, lines } = lambda({ functions: [jobStarted] });
      const answer = await ask(handler(carry(structured(startedEvent(), path))));
      expect(problemIn(answer, 400).detail).toBe('path: must be / or one of /job-started');
      expect(lines).toContainEqual(expect.objectContaining({ path, status: 400 }));
    },
  );

  it('must be a POST', async () => {
    for (const method of ['GET', 'PUT', 'HEAD']) {
      const answer = await ask(lambda().handler(carry({ ...structured(startedEvent()), method })));
      problemIn(answer, 405);
      expect(answer.headers.allow).toBe('POST');
    }
  });

  it('must not be compressed', async () => {
    const sent = structured(startedEvent());
    const headers = { ...(sent.headers as Record<string, string>), 'Content-Encoding': 'gzip' };
    expect(problemIn(await ask(lambda().handler(carry({ ...sent, headers }))), 415).field).toBe('content-encoding');
  });

  it('larger than 1 MiB is answered 413', async () => {
    const sent = binary(finishedEvent(), '/job-finished');
    const answer = await ask(lambda().handler(carry({ ...sent, body: `"${'x'.repeat(1_048_576)}"` })));
    expect(problemIn(answer, 413)).toMatchObject({ id: 'event-1', field: 'body' });
  });
});

describe('the path of a request', () => {
  it('may stand behind the stage of its HTTP API', async () => {
    for (const [rawPath, stage] of [
      ['/prod/job-started', 'prod'],
      ['/prod', 'prod'],
      ['/prod/', 'prod'],
      ['/job-started', 'job'],
    ]) {
      const request = urlRequest(structured(startedEvent()));
      const requestContext = { ...(request.requestContext as JsonObject), stage };
      const answer = await ask(lambda().handler({ ...request, rawPath, requestContext }));
      expect(answer.status).toBe(200);
    }
  });
});

describe('the headers of a request', () => {
  it('in payload 1.0 are kept apart where they repeat, and one that says two things is rejected', async () => {
    const request = oldRequest(binary(startedEvent()));
    const multiValueHeaders = { ...(request.multiValueHeaders as JsonObject), 'ce-id': ['1', '2'] };
    const answer = await ask(lambda().handler({ ...request, multiValueHeaders }));
    expect(problemIn(answer, 400).field).toBe('ce-id');
  });

  it('in payload 1.0 are read from where they stand', async () => {
    const { multiValueHeaders: _, ...request } = oldRequest(binary(startedEvent()));
    expect((await ask(lambda().handler(request))).status).toBe(200);
    expect((await ask(lambda().handler({ ...request, multiValueHeaders: null }))).status).toBe(200);
  });

  it.each([undefined, null, 5, [], { 'content-type': 5 }, { __proto__: 1 }, { 'content-type': [['a']] }])(
    'may be anything (%p)',
    async (headers) => {
      problemIn(await ask(lambda().handler({ ...urlRequest(structured(startedEvent())), headers })), 415);
    },
  );
});

describe('the sender of a request', () => {
  const authenticate: Authenticate = async ({ headers }) => {
    const known = headers.some(([name, value]) => name.toLowerCase() === 'authorization' && value === 'Bearer good');
    if (!known) throw new Refused('authorization: must be good', { status: 401 });
    const allowed = { functions: '*', types: '*', namespaces: ['team-b'], replays: false, reads: false } as const;
    return { name: 'good', allowed };
  };
  const withHeader = (sent: Sent, authorization: string): Sent => ({
    ...sent,
    headers: { ...(sent.headers as Record<string, string>), Authorization: authorization },
  });

  it.each(PAYLOADS)('is asked for a credential, in payload %s', async (_, carry) => {
    const { handler } = lambda({ authenticate });
    const stranger = await ask(handler(carry(structured(startedEvent()))));
    expect(problemIn(stranger, 401).detail).toBe('authorization: must be good');
    expect(stranger.headers['www-authenticate']).toBe('Bearer realm="scan-status"');
    const known = (namespace: string) => carry(withHeader(structured(startedEvent({ namespace })), 'Bearer good'));
    problemIn(await ask(handler(known('team-a'))), 403);
    expect((await ask(handler(known('team-b')))).status).toBe(200);
  });

  it('is not asked again where IAM has let it in, and nobody else can say so', async () => {
    const { handler } = lambda({ authenticate });
    const request = urlRequest(structured(startedEvent()));
    const asked = (authorizer: unknown, more: JsonObject = {}) =>
      ask(handler({ ...request, requestContext: { ...(request.requestContext as JsonObject), authorizer }, ...more }));
    expect((await asked({ iam: { userArn: 'arn:aws:iam::123456789012:user/exporter' } })).status).toBe(200);
    const others = [
      undefined,
      null,
      {},
      { iam: null },
      { iam: 'yes' },
      { lambda: { iam: {} } },
      { jwt: { claims: {} } },
    ];
    for (const authorizer of others) problemIn(await asked(authorizer), 401);
    problemIn(await asked(undefined, { authorizer: { iam: {} } }), 401);
  });

  it('of a queue, a topic or a bus is not asked: who may send there is for their policies to say', async () => {
    const { handler } = lambda({ authenticate });
    expect(await handler(queueEvent([startedEvent()]))).toEqual({ batchItemFailures: [] });
    expect(await handler(topicEvent([startedEvent()]))).toBeUndefined();
    expect(await handler(busEvent(startedEvent()))).toBeUndefined();
  });
});

describe('the body of a request', () => {
  const based = (body: unknown, isBase64Encoded: unknown = true) => ({
    ...urlRequest(structured(startedEvent())),
    body,
    isBase64Encoded,
  });
  const encoded = Buffer.from(JSON.stringify(startedEvent())).toString('base64');

  it('may be in base64', async () => {
    const store = memoryStore({ maximum: 10 });
    expect((await ask(lambda({ store }).handler(based(encoded)))).status).toBe(200);
    expect(await statuses(store)).toMatchObject({ 'team-a/ImageScan/image': { phase: 'Scanning' } });
  });

  it.each([
    ['no base64 at all', '{"a":1}'],
    ['base64 with a space', ` ${encoded}`],
    ['base64 with half a byte', `${encoded.slice(0, 8)}A`],
    ['bytes that are no UTF-8', '/w=='],
    ['a number', 5],
  ])('that is called base64 must be it, and not %s', async (_, body) => {
    expect(problemIn(await ask(lambda().handler(based(body))), 400).field).toBe('body');
  });

  it('in base64 larger than 1 MiB is answered 413', async () => {
    problemIn(await ask(lambda().handler(based('A'.repeat(5_000_000)))), 413);
  });

  it.each([undefined, null, 5, {}])('that is missing is rejected (%p)', async (body) => {
    expect(problemIn(await ask(lambda().handler(based(body, false))), 400).field).toBe('body');
  });
});
