/**
 * A small API server on this machine: a few resources, over HTTP or HTTPS, with every way to fail that a real one has.
 *
 * It is a stand-in for the server, never for our own code: what is tested talks to it over real connections.
 */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import { afterEach } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { type ApiAnswer, type ApiObjects, apiObjects, failure } from './api-objects.ts';
import { type Authority, type Certificate, createAuthority } from './certificates.ts';
import { labelSelector } from './label-selector.ts';

export const GROUP = 'scanning.apps.tanzu.vmware.com';
const VERSION = 'v1beta1';

/** A request as the server saw it. */
export interface Asked {
  readonly method: string;
  /** The path alone, without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The common name of the certificate that the client showed; empty where it showed none. */
  readonly client: string;
}

/** What goes wrong with a request. */
export type Trouble =
  /** Something else answers, or the server itself refuses. */
  | { readonly answer: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** The connection breaks: before the request had an effect, or after. */
  | 'cut before'
  | 'cut after'
  /** Nobody ever answers; or the answer stops in its middle. */
  | 'silence'
  | 'stall'
  /** The answer comes in pieces of a few bytes. */
  | 'drip';

export interface ApiServer {
  readonly url: string;
  readonly port: number;
  /** The certificate of the authority that vouches for the server. */
  readonly ca: string;
  readonly objects: ApiObjects;
  /** All requests so far. */
  readonly asked: readonly Asked[];
  readonly connections: () => number;
  /** Decides what goes wrong with each request from now on; `undefined`, nothing. */
  readonly trouble: (decide: (asked: Asked) => Trouble | undefined) => void;
  /** Settles once the server has seen this many requests since it began. */
  readonly seen: (count: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface ApiServerSettings {
  readonly tls?: boolean;
  /** By which authority the server, and its clients, are vouched for. */
  readonly authority?: Authority;
  readonly port?: number;
  readonly objects?: ApiObjects;
  /** The path under which it serves, as behind a proxy of several clusters. */
  readonly prefix?: string;
  /** The scans' resources that are installed. */
  readonly resources?: readonly string[];
  readonly hasStatus?: boolean;
  /** Whether this account may do what it asks about, and is known at all. */
  readonly allows?: (attributes: JsonObject) => boolean;
  readonly knows?: (asked: Asked) => boolean;
  /** What the kubelet of a pod's node answers that is asked for a log. */
  readonly log?: (pod: string, query: Asked['query']) => ApiAnswer;
}

const RESOURCE =
  /^\/(?:apis\/(?<group>[^/]+)|api)\/(?<version>[^/]+)(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<resource>[^/]+)(?:\/(?<name>[^/]+)(?:\/(?<part>status|log))?)?$/;
const NOTHING_HERE: ApiAnswer = { status: 404, body: '404 page not found\n' };

const discovery = (resources: readonly string[]): ApiAnswer => ({
  status: 200,
  body: {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: `${GROUP}/${VERSION}`,
    resources: resources.map((name) => ({ name, singularName: '', namespaced: true, kind: name, verbs: ['get'] })),
  },
});

const listAnswer = (objects: ApiObjects, resource: string, namespace: string | undefined, asked: Asked): ApiAnswer => {
  const { query, headers } = asked;
  const page = {
    limit: Number(query.limit ?? 0),
    from: atob(query.continue ?? ''),
    selects: labelSelector(query.labelSelector ?? ''),
  };
  const { items, next } = objects.list(resource, { ...page, ...(namespace !== undefined && { namespace }) });
  const metadata = { resourceVersion: '1', ...(next !== '' && { continue: btoa(next) }) };
  if (!headers.accept?.includes('as=PartialObjectMetadataList')) {
    return { status: 200, body: { kind: 'List', apiVersion: 'v1', metadata, items } };
  }
  const apiVersion = 'meta.k8s.io/v1';
  const bare = items.map((item) => ({ kind: 'PartialObjectMetadata', apiVersion, metadata: item.metadata }));
  return { status: 200, body: { kind: 'PartialObjectMetadataList', apiVersion, metadata, items: bare } };
};

const collectionAnswer = (asked: Asked, objects: ApiObjects): ApiAnswer => {
  const { resource = '', namespace } = RESOURCE.exec(asked.path)?.groups ?? {};
  if (asked.method === 'POST') return objects.create(resource, namespace ?? '', JSON.parse(asked.body));
  return listAnswer(objects, resource, namespace, asked);
};

/** What is done with a whole object. */
const WRITES = new Map<string, 'replace' | 'removeAsKnown'>([
  ['PUT', 'replace'],
  ['DELETE', 'removeAsKnown'],
]);

/** What the server answers about the objects of a resource. */
const objectAnswer = (asked: Asked, objects: ApiObjects, { hasStatus = true, log }: ApiServerSettings): ApiAnswer => {
  const { resource = '', namespace, name, part } = RESOURCE.exec(asked.path)?.groups ?? {};
  if (namespace === undefined || name === undefined) return collectionAnswer(asked, objects);
  const found = objects.read(resource, namespace, name);
  if (part === 'log') return found.status === 200 && log !== undefined ? log(name, asked.query) : found;
  if (asked.method === 'GET') return found;
  const write = WRITES.get(asked.method);
  if (write !== undefined) return objects[write](resource, namespace, name, JSON.parse(asked.body));
  // A CRD without the subresource is answered as a missing object is.
  if (part === undefined || !hasStatus) return failure(404, 'NotFound', 'the server could not find it', name);
  if (asked.headers['content-type'] !== 'application/merge-patch+json')
    return failure(415, 'UnsupportedMediaType', 'the body of the request was in an unknown format');
  return objects.patchStatus(resource, namespace, name, JSON.parse(asked.body));
};

const SCAN_RESOURCES = ['imagescans', 'sourcescans'];

/** What the server answers where nothing goes wrong. */
const answerTo = (asked: Asked, objects: ApiObjects, settings: ApiServerSettings): ApiAnswer => {
  const { resources = SCAN_RESOURCES, knows, allows = () => true } = settings;
  const { path } = asked;
  if (knows?.(asked) === false) return failure(401, 'Unauthorized', 'Unauthorized');
  if (path === '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews') {
    const review: { spec: { resourceAttributes: JsonObject } } = JSON.parse(asked.body);
    return { status: 201, body: { ...review, status: { allowed: allows(review.spec.resourceAttributes) } } };
  }
  if (path === `/apis/${GROUP}/${VERSION}`) return resources.length === 0 ? NOTHING_HERE : discovery(resources);
  const { group, resource = '' } = RESOURCE.exec(path)?.groups ?? {};
  return group === GROUP && !resources.includes(resource) ? NOTHING_HERE : objectAnswer(asked, objects, settings);
};

const PIECE = 7;

const drip = async (response: ServerResponse, body: string | Uint8Array): Promise<void> => {
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += PIECE) {
    await new Promise((resolve) => response.write(bytes.subarray(at, at + PIECE), resolve));
  }
  response.end();
};

const write = async (response: ServerResponse, { status, body }: ApiAnswer, trouble: Trouble | undefined) => {
  const isPlain = typeof body === 'string' || body instanceof Uint8Array;
  const content = isPlain ? body : JSON.stringify(body);
  const type = isPlain ? 'text/plain; charset=utf-8' : 'application/json';
  if (trouble === 'cut after') return void response.socket?.destroy();
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(content) });
  if (trouble === 'stall') return void response.write(content.slice(0, content.length / 2));
  if (trouble === 'drip') return drip(response, content);
  return void response.end(content);
};

const askedOf = async (request: IncomingMessage, prefix: string): Promise<Asked> => {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://server');
  const { socket, method = '', headers } = request;
  const subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined;
  return {
    method,
    path: decodeURIComponent(pathname.slice(prefix.length)),
    query: Object.fromEntries(searchParams),
    headers,
    body: await text(request),
    client: String(subject?.CN ?? ''),
  };
};

const certificateOf = (authority: Authority): Certificate & { readonly ca: string } => ({
  ...authority.issue('test server'),
  ca: authority.cert,
});

const start = async (settings: ApiServerSettings): Promise<ApiServer> => {
  const { tls = false, authority = createAuthority(), objects = apiObjects(), port = 0, prefix = '' } = settings;
  const asked: Asked[] = [];
  const waiting = new Set<() => void>();
  const sockets = new Set<Socket>();
  let connections = 0;
  let decide = (_: Asked): Trouble | undefined => undefined;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const one = await askedOf(request, prefix);
    asked.push(one);
    for (const look of waiting) look();
    const trouble = decide(one);
    if (trouble === 'silence') return;
    if (trouble === 'cut before') return void request.socket.destroy();
    if (typeof trouble === 'object') {
      response.writeHead(trouble.answer, { 'content-type': 'application/json', ...trouble.headers });
      return void response.end(trouble.body ?? '');
    }
    await write(response, answerTo(one, objects, settings), trouble);
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => void handle(request, response);
  const secured = { ...certificateOf(authority), requestCert: true, rejectUnauthorized: false };
  const server = tls ? createHttpsServer(secured, listener) : createHttpServer(listener);
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${address.port}${prefix}`,
    port: address.port,
    ca: authority.cert,
    objects,
    asked,
    connections: () => connections,
    trouble: (by) => {
      decide = by;
    },
    seen: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (asked.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

/** Call it where tests are described: what it gives starts a server, which is stopped after its test. */
export const apiServers = (): ((settings?: ApiServerSettings) => Promise<ApiServer>) => {
  const running: ApiServer[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ stop }) => stop()));
  });
  return async (settings = {}) => {
    const server = await start(settings);
    running.push(server);
    return server;
  };
};
