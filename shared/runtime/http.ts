/** The functions behind HTTP: `POST /<function>`, `POST /` for all of them, the list of scans, and the probes. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { headerPairs } from '../events/message.ts';
import { Refused } from '../events/rejected.ts';
import { Unavailable } from '../scans/unavailable.ts';
import { challengeTo, refusedReading } from './auth-caller.ts';
import type { AnyFunction } from './function.ts';
import type { HttpAnswer } from './http-answer.ts';
import { problem } from './problem.ts';
import { arriving, cutOff, readOn } from './request.ts';
import { type Responding, respond } from './respond.ts';
import { scanList } from './scan-list.ts';

export interface HttpServices extends Responding {
  /** Whether only this machine can reach us: then a page in its browser might, under another name. */
  readonly isLoopback: boolean;
}

type Handle = (incoming: IncomingMessage) => HttpAnswer | Promise<HttpAnswer>;

/** @see https://prometheus.io/docs/instrumenting/exposition_formats/#basic-info */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const MAX_LOGGED = 256;
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i;

const pathOf = ({ url = '/' }: IncomingMessage): string => url.split(/[?#]/, 1)[0] ?? '/';

const text = (body: string, type = 'text/plain; charset=utf-8'): HttpAnswer => ({
  status: 200,
  headers: { 'content-type': type },
  body,
});

const handleEvents =
  (functions: readonly AnyFunction[], services: Responding): Handle =>
  async (incoming) => {
    const request = arriving(incoming);
    const answer = await respond(request, functions, services);
    if (answer.status === 401) return cutOff(request, answer);
    await readOn(request);
    return answer;
  };

/** Turns a request away before any event is read, where the operator can see it: a route may be wrong. */
const turnAway =
  ({ log }: Responding, status: number, detail: string, headers: Readonly<Record<string, string>> = {}): Handle =>
  (incoming) => {
    const path = pathOf(incoming).slice(0, MAX_LOGGED);
    log.warn({ method: incoming.method, path, status, why: detail }, 'request');
    return problem(status, detail, {}, headers);
  };

/** What the store answers, or 503 where it cannot. */
const fromStore =
  (work: Handle): Handle =>
  async (incoming) => {
    try {
      return await work(incoming);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      return problem(503, error.message, {}, { 'retry-after': String(error.retryAfter) });
    }
  };

/** The list of scans, for whoever may read it. */
const listScans =
  ({ store, scope, authenticate, log }: Responding): Handle =>
  async ({ rawHeaders }) => {
    const headers = headerPairs(rawHeaders);
    try {
      const caller = await authenticate?.({ headers, body: '' });
      const refused = caller && refusedReading(caller);
      if (refused !== undefined) throw refused;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { status, message: why } = error;
      log.warn({ method: 'GET', path: '/api/scans', status, why }, 'request');
      return problem(status, why, {}, status === 401 ? { 'www-authenticate': challengeTo(headers) } : {});
    }
    return scanList(store, scope.group);
  };

/** What is answered at a path, by method. */
const routesOf = (functions: readonly AnyFunction[], services: HttpServices): ReadonlyMap<string, Handle> => {
  const { store, metrics } = services;
  return new Map<string, Handle>([
    ['GET /healthz', () => text('ok\n')],
    [
      'GET /readyz',
      fromStore(async () => {
        await store.ready();
        return text('ok\n');
      }),
    ],
    ['GET /api/scans', fromStore(listScans(services))],
    ['GET /metrics', () => text(metrics.text(), METRICS_TYPE)],
    ['POST /', handleEvents(functions, services)],
    ...functions.map((one): [string, Handle] => [`POST /${one.name}`, handleEvents([one], services)]),
  ]);
};

/** Which of them a request is for. */
const routerOf = (
  functions: readonly AnyFunction[],
  services: HttpServices,
): ((incoming: IncomingMessage) => Handle) => {
  const routes = routesOf(functions, services);
  const names = functions.map(({ name }) => `/${name}`);
  const wrongMethod = turnAway(services, 405, 'the method must be POST', { allow: 'POST' });
  // A raw 404 would be sent again by Knative for ever, though the route is what is wrong.
  const wrongPath = turnAway(services, 400, `path: must be / or one of ${names.join(', ')}`);
  const notFound: Handle = () => problem(404, 'path: there is nothing here');
  return (incoming) => {
    const { method = '' } = incoming;
    const path = pathOf(incoming);
    const found = routes.get(`${method === 'HEAD' ? 'GET' : method} ${path}`);
    if (found !== undefined) return found;
    if (method === 'POST') return wrongPath;
    return names.includes(path) ? wrongMethod : notFound;
  };
};

const write = async (response: ServerResponse, { status, headers, body }: HttpAnswer): Promise<void> => {
  if (body === undefined || typeof body === 'string') {
    const length = status === 204 ? {} : { 'content-length': Buffer.byteLength(body ?? '') };
    response.writeHead(status, { ...headers, ...length }).end(body);
    return;
  }
  response.writeHead(status, headers);
  // A reader that has gone, or a store that broke off, ends the answer where it is.
  await pipeline(Readable.from(body), response).catch(() => response.destroy());
};

/** Answers every request for `functions`, over the services that they share. */
export const httpHandler = (functions: readonly AnyFunction[], services: HttpServices): RequestListener => {
  const { log, isLoopback, authenticate } = services;
  const handleOf = routerOf(functions, services);
  const foreignHost = turnAway(services, 403, 'host: must be the name of this machine');
  // A page in a browser on this machine reaches a loopback server under a name of its own (DNS rebinding).
  const refusesHosts = isLoopback && authenticate === undefined;
  const answerTo: Handle = async (incoming) => {
    if (refusesHosts && !LOOPBACK_HOST.test(incoming.headers.host ?? '')) return foreignHost(incoming);
    try {
      return await handleOf(incoming)(incoming);
    } catch (error) {
      log.error({ err: error }, 'a request failed by our own mistake');
      return problem(503, 'an internal error; the event is not lost if it is sent again', {}, { 'retry-after': '30' });
    }
  };
  return async (incoming, response) => write(response, await answerTo(incoming));
};
