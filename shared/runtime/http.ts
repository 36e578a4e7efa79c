/** The functions behind HTTP: `POST /<function>`, `POST /` for all of them, the list of scans, and the probes. */
import type { IncomingMessage } from 'node:http';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { httpReader } from '../events/http.ts';
import { type HttpMessage, MAX_BODY } from '../events/message.ts';
import { Rejected } from '../events/rejected.ts';
import type { ScanStore } from '../scans/store.ts';
import { Unavailable } from '../scans/unavailable.ts';
import { type AnswerSettings, answer, deliver } from './answer.ts';
import type { ScanFunction } from './function.ts';
import { type Logger, logReceived } from './log.ts';
import { problem, problemOf } from './problem.ts';
import { type Reply, receive, type Services } from './receive.ts';
import { scanList } from './scan-list.ts';

export interface HttpSettings extends AnswerSettings {
  /** Whether only this machine can reach us: then a page in its browser might, under another name. */
  readonly isLoopback: boolean;
}

export interface HttpServices {
  readonly store: ScanStore;
  readonly scope: Services['scope'];
  readonly log: Logger;
  readonly settings: HttpSettings;
}

/** What the server hands to each request: Node's own, for the headers as they stood. */
export type NodeBindings = { Bindings: { incoming: IncomingMessage } };

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

const fromOutside = (field: string, problem: string, status: 400 | 413 | 415 = 400): Reply => ({
  batch: false,
  received: [{ outcome: 'rejected', why: new Rejected(field, problem, { status }), changes: [], causes: [] }],
});

const rawHeaders = ({ rawHeaders: raw }: IncomingMessage): HttpMessage['headers'] =>
  raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? '']] : []));

/** The request as a message, or `undefined` where its sender broke off. */
const readMessage = async (context: Context<NodeBindings>): Promise<HttpMessage | undefined> => {
  try {
    return { headers: rawHeaders(context.env.incoming), body: new Uint8Array(await context.req.arrayBuffer()) };
  } catch {
    return undefined;
  }
};

const handleEvents =
  (functions: readonly ScanFunction[], { store, scope, log, settings }: HttpServices) =>
  async (context: Context<NodeBindings>): Promise<Response> => {
    const encoding = context.req.header('content-encoding') ?? 'identity';
    const message = await readMessage(context);
    const settle = async (): Promise<Reply> => {
      if (message === undefined) return fromOutside('body', 'ended before it was complete');
      if (encoding !== 'identity') return fromOutside('content-encoding', 'must be identity', 415);
      return receive(message, functions, { store, scope, reader: httpReader, now: Date.now });
    };
    const reply = await deliver(await settle(), settings);
    for (const received of reply.received) logReceived(log, received);
    return answer(reply, settings);
  };

/** A page in a browser on this machine reaches a loopback server under a name of its own (DNS rebinding). */
const refuseForeignHosts = async (
  context: Context<NodeBindings>,
  next: () => Promise<void>,
): Promise<Response | undefined> => {
  if (!LOOPBACK_HOST.test(context.req.header('host') ?? ''))
    return problem(403, 'host: must be the name of this machine');
  await next();
  return undefined;
};

const readiness = async (store: ScanStore): Promise<Response> => {
  try {
    await store.ready();
    return new Response('ok\n');
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return problem(503, error.message, {}, { 'retry-after': String(error.retryAfter) });
  }
};

/** The routes, over `functions` and the services they share. */
export const httpApp = (functions: readonly ScanFunction[], services: HttpServices): Hono<NodeBindings> => {
  const app = new Hono<NodeBindings>();
  const limit = bodyLimit({
    maxSize: MAX_BODY,
    onError: () => problemOf(413, fromOutside('body', `must not be larger than ${MAX_BODY} bytes`, 413).received),
  });
  if (services.settings.isLoopback) app.use(refuseForeignHosts);
  app.get('/healthz', () => new Response('ok\n'));
  app.get('/readyz', () => readiness(services.store));
  app.get('/api/scans', () => scanList(services.store, services.scope.group));
  app.post('/', limit, handleEvents(functions, services));
  for (const one of functions) {
    app.post(`/${one.name}`, limit, handleEvents([one], services));
    app.all(`/${one.name}`, () => problem(405, 'the method must be POST', {}, { allow: 'POST' }));
  }
  // A raw 404 would be sent again by Knative for ever, though the route is what is wrong.
  app.post('*', () => problem(400, `path: must be / or one of ${functions.map(({ name }) => `/${name}`).join(', ')}`));
  app.notFound(() => problem(404, 'path: there is nothing here'));
  app.onError((error) => {
    services.log.error({ err: error }, 'a request failed by our own mistake');
    return problem(503, 'an internal error; the event is not lost if it is sent again', {}, { 'retry-after': '30' });
  });
  return app;
};
