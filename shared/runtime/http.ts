/** The functions behind HTTP: `POST /<function>`, `POST /` for all of them, the list of scans, and the probes. */
import type { IncomingMessage } from 'node:http';
import { type Context, Hono } from 'hono';
import { type HttpMessage, headerPairs, MAX_BODY } from '../events/message.ts';
import { Rejected } from '../events/rejected.ts';
import type { ScanStore } from '../scans/store.ts';
import { Unavailable } from '../scans/unavailable.ts';
import type { AnyFunction } from './function.ts';
import type { Logger } from './log.ts';
import { problem } from './problem.ts';
import { type Responding, respond, turnDown } from './respond.ts';
import { scanList } from './scan-list.ts';

export interface HttpServices extends Responding {
  /** Whether only this machine can reach us: then a page in its browser might, under another name. */
  readonly isLoopback: boolean;
}

/** What the server hands to each request: Node's own, for the headers as they stood. */
export type NodeBindings = { Bindings: { incoming: IncomingMessage } };

/** @see https://prometheus.io/docs/instrumenting/exposition_formats/#basic-info */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const MAX_LOGGED = 256;
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

/** The body. What exceeds the bound is read but not kept: a sender that is cut off never learns why. */
const readBody = async (incoming: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of incoming) {
    if (size <= MAX_BODY) pieces.push(piece);
    size += piece.length;
  }
  return Buffer.concat(pieces);
};

/** The request as a message, and what is wrong with it before its content is looked at. */
const readRequest = async (incoming: IncomingMessage): Promise<{ message: HttpMessage; wrong?: Rejected }> => {
  const headers = headerPairs(incoming.rawHeaders);
  const encoding = incoming.headers['content-encoding'] || 'identity';
  try {
    const message = { headers, body: await readBody(incoming) };
    if (encoding.toLowerCase() === 'identity') return { message };
    return { message, wrong: new Rejected('content-encoding', 'must be identity', { status: 415 }) };
  } catch (cause) {
    return { message: { headers, body: '' }, wrong: new Rejected('body', 'ended before it was complete', { cause }) };
  }
};

const handleEvents =
  (functions: readonly AnyFunction[], services: Responding) =>
  async (context: Context<NodeBindings>): Promise<Response> => {
    const { message, wrong } = await readRequest(context.env.incoming);
    return wrong === undefined ? respond(message, functions, services) : turnDown(message, wrong, services);
  };

/** Turns a request away before any event is read, where the operator can see it: a route may be wrong. */
const turnAway =
  (log: Logger, status: number, detail: string, headers: Readonly<Record<string, string>> = {}) =>
  ({ req }: Context): Response => {
    log.warn({ method: req.method, path: req.path.slice(0, MAX_LOGGED), status, why: detail }, 'request');
    return problem(status, detail, {}, headers);
  };

/** A page in a browser on this machine reaches a loopback server under a name of its own (DNS rebinding). */
const refuseForeignHosts =
  (refuse: (context: Context) => Response) =>
  async (context: Context<NodeBindings>, next: () => Promise<void>): Promise<Response | undefined> => {
    if (!LOOPBACK_HOST.test(context.req.header('host') ?? '')) return refuse(context);
    await next();
    return undefined;
  };

/** What the store answers, or 503 where it cannot. */
const fromStore = async (work: () => Promise<Response>): Promise<Response> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return problem(503, error.message, {}, { 'retry-after': String(error.retryAfter) });
  }
};

const readiness = async (store: ScanStore): Promise<Response> => {
  await store.ready();
  return new Response('ok\n');
};

/** The routes, over `functions` and the services they share. */
export const httpApp = (functions: readonly AnyFunction[], services: HttpServices): Hono<NodeBindings> => {
  const app = new Hono<NodeBindings>();
  const { log, metrics, isLoopback } = services;
  const paths = functions.map(({ name }) => `/${name}`).join(', ');
  if (isLoopback) app.use(refuseForeignHosts(turnAway(log, 403, 'host: must be the name of this machine')));
  app.get('/healthz', () => new Response('ok\n'));
  app.get('/readyz', () => fromStore(() => readiness(services.store)));
  app.get('/api/scans', () => fromStore(() => scanList(services.store, services.scope.group)));
  app.get('/metrics', () => new Response(metrics.text(), { headers: { 'content-type': METRICS_TYPE } }));
  app.post('/', handleEvents(functions, services));
  for (const one of functions) {
    app.post(`/${one.name}`, handleEvents([one], services));
    app.all(`/${one.name}`, turnAway(log, 405, 'the method must be POST', { allow: 'POST' }));
  }
  // A raw 404 would be sent again by Knative for ever, though the route is what is wrong.
  app.post('*', turnAway(log, 400, `path: must be / or one of ${paths}`));
  app.notFound(() => problem(404, 'path: there is nothing here'));
  app.onError((error) => {
    log.error({ err: error }, 'a request failed by our own mistake');
    return problem(503, 'an internal error; the event is not lost if it is sent again', {}, { 'retry-after': '30' });
  });
  return app;
};
