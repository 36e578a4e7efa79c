/**
 * The connection to a Kubernetes API server: where it is, and who we are there.
 *
 * The client library makes a new TLS connection for each request; here all share connections, which are made anew only
 * when certificates change. Whatever rotates (token files, certificates, a kubeconfig that is rewritten) is looked
 * at again after seconds, and at once when the server says that it does not know us.
 */
import { isDeepStrictEqual } from 'node:util';
import { isNativeError } from 'node:util/types';
import {
  CustomObjectsApi,
  createConfiguration,
  HttpMethod,
  RequestContext,
  ResponseContext,
  ServerConfiguration,
  setHeaderOptions,
  wrapHttpLibrary,
} from '@kubernetes/client-node';
import { Rejected } from '../events/rejected.ts';
import type { Account, Credentials } from './account.ts';
import { answerError, Gone } from './api-answers.ts';
import {
  type Connections,
  dispatch,
  type HttpAnswer,
  type HttpRequest,
  openConnections,
  retireConnections,
} from './dispatch.ts';
import type { EksSettings } from './eks-cluster.ts';
import type { KubeconfigSettings } from './kubeconfig.ts';
import type { OBJECT_CALLS } from './object-calls.ts';
import { Conflict, Unanswered, Unavailable } from './unavailable.ts';

/** Milliseconds for which credentials are taken as they are. */
const CREDENTIALS_FOR = 10_000;
/** Milliseconds after which a server that does not know us, or is not there, makes us look again. */
const RENEWED_AFTER = 1_000;
/** Milliseconds that it may take to get credentials, for which some go over the network or run a program. */
const CREDENTIALS_DEADLINE = 20_000;
/** Stands for the server in the client library's requests: which one it is, the kubeconfig says anew now and then. */
const ANY_SERVER = 'https://kubernetes.default.svc';
/** Times that a read is tried whose answer got lost. */
const READS = 3;
/** The only patch that is sent; the client library would say it is a JSON patch. */
const MERGE_PATCH = 'application/merge-patch+json';
const JSON_TYPE = 'application/json';

/** Asks for the metadata of a list's items alone. */
const METADATA = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
export const METADATA_ONLY = setHeaderOptions('Accept', METADATA);

/** How long an answer may take, and how much of it is read. */
type Limits = Pick<HttpRequest, 'deadline' | 'most'>;

interface Core {
  readonly get: (path: string) => Promise<unknown>;
  /** Of a list, the metadata of its items alone. */
  readonly listMetadata: (path: string) => Promise<unknown>;
  readonly create: (path: string, object: object) => Promise<unknown>;
  readonly replace: (path: string, object: object) => Promise<unknown>;
  readonly remove: (path: string, options: object) => Promise<unknown>;
}

/** Objects of any kind, as the client library asks for them. */
type Objects = Pick<CustomObjectsApi, (typeof OBJECT_CALLS)[number]>;

export interface Connection {
  readonly objects: Objects;
  /** Objects of the core group, by path: the client library would bring the models of every kind along for them. */
  readonly core: Core;
  /** What the server answers at a path, whatever it is and byte for byte: the client library makes texts of all. */
  readonly read: (path: string, limits: Limits) => Promise<HttpAnswer>;
  readonly close: () => void;
}

const problemOf = (error: unknown): string =>
  (isNativeError(error) ? error.message : String(error)).split('\n', 1)[0] ?? '';

/** Whatever keeps us from knowing who we are is told in one line, with what to look at. */
const unusable = ({ subject, remedy }: Account, cause: unknown): Unavailable =>
  cause instanceof Unavailable
    ? cause
    : new Unavailable(`${subject} cannot be used (${problemOf(cause)}); ${remedy}`, { cause });

const withinDeadline = async <T>(work: Promise<T>): Promise<T> => {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`no credentials within ${CREDENTIALS_DEADLINE / 1_000} seconds`)),
    CREDENTIALS_DEADLINE,
  );
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
};

const isSameWay = (a: Credentials, b: Credentials): boolean =>
  a.proxy?.url === b.proxy?.url && a.origin === b.origin && isDeepStrictEqual(a.tls, b.tls);

interface Way {
  readonly credentials: Credentials;
  readonly connections: Connections;
  /** By which it was found. */
  readonly account: Account;
  /** When it was looked at, in milliseconds of the process's own clock. */
  readonly at: number;
}

const isOlder = (at: number, milliseconds: number): boolean => performance.now() - at > milliseconds;

/** Who we are in an EKS cluster, or else by kubeconfigs, or else as the pod that we run in. */
export type ConnectionSettings = KubeconfigSettings & { readonly eks?: EksSettings };

/** Loads only the one that is needed: each has packages of its own. */
const openAccount = async ({ eks, ...settings }: ConnectionSettings): Promise<Account> => {
  const { kubeconfigs, environment } = settings;
  if (eks !== undefined) return (await import('./eks-cluster.ts')).eksAccount(eks, environment);
  if (kubeconfigs.length > 0) return (await import('./kubeconfig.ts')).kubeconfigAccount(settings);
  return (await import('./pod-account.ts')).podAccount(environment);
};

/** Who we are and how to get there, looked at again when it is old, and once for all who ask meanwhile. */
const wayKeeper = (account: Promise<Account>) => {
  let way: Way | undefined;
  let looking: Promise<Way> | undefined;
  /** When everything was read anew, and not taken from what was known. */
  let readAt: number | undefined;

  const connectionsFor = (credentials: Credentials): Connections => {
    if (way !== undefined && isSameWay(way.credentials, credentials)) return way.connections;
    if (way !== undefined) retireConnections(way.connections);
    return credentials.proxy?.connections ?? openConnections(credentials.origin, credentials.tls);
  };
  const look = async (): Promise<Way> => {
    const by = await account;
    readAt ??= performance.now();
    try {
      const credentials = await withinDeadline(by.credentials());
      way = { credentials, connections: connectionsFor(credentials), account: by, at: performance.now() };
      return way;
    } catch (cause) {
      by.forget();
      readAt = undefined;
      throw unusable(by, cause);
    }
  };
  const lookOnce = (): Promise<Way> => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  return {
    current: (): Way | Promise<Way> => (way === undefined || isOlder(way.at, CREDENTIALS_FOR) ? lookOnce() : way),
    /** Reads everything anew, unless that was done since `used`, or a moment ago. */
    renewed: (used: Way): Way | Promise<Way> => {
      if (way !== used) return way ?? lookOnce();
      if (readAt !== undefined && !isOlder(readAt, RENEWED_AFTER)) return used;
      used.account.forget();
      readAt = performance.now();
      return lookOnce();
    },
    close: () => way?.connections.destroy(),
  };
};

const OURS = [Unavailable, Conflict, Gone, Rejected];

/** Asks through the client library, which fails in words of its own where an answer is none of an API server's. */
export const understood = async <T>(ask: () => Promise<T>): Promise<T> => {
  try {
    return await ask();
  } catch (error) {
    if (OURS.some((kind) => error instanceof kind)) throw error;
    throw new Unavailable('what answers for the API server sends no objects', { cause: error });
  }
};

/** Asks again where no answer came: a read changes nothing. */
export const patiently = async <T>(read: () => Promise<T>): Promise<T> => {
  for (let tried = 1; ; tried += 1) {
    try {
      return await understood(read);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      if (tried === READS) throw new Unavailable('the API server does not answer', { cause: error.cause });
    }
  }
};

/** Sends requests as whoever we are now. */
const sender = (ways: ReturnType<typeof wayKeeper>) => {
  const sendBy = (
    { credentials, connections, account }: Way,
    request: RequestContext,
    limits: Limits,
  ): Promise<HttpAnswer> => {
    const { origin, prefix, headers } = credentials;
    const method = request.getHttpMethod().toString();
    const body = request.getBody();
    const patch = method === 'PATCH' && { 'Content-Type': MERGE_PATCH };
    const answering = dispatch(connections, {
      method,
      origin,
      path: prefix + request.getUrl().slice(ANY_SERVER.length),
      headers: { ...request.getHeaders(), ...patch, ...headers, 'user-agent': 'scan-status' },
      ...(typeof body === 'string' && { body }),
      ...limits,
    });
    return answering.catch((error: unknown) => {
      throw error instanceof Unavailable
        ? new Unavailable(error.message + account.hint, { cause: error.cause })
        : error;
    });
  };
  /** Sends again where it had no effect yet, and we turn out to be somebody else by now, or the server elsewhere. */
  return async (request: RequestContext, limits: Limits = {}): Promise<HttpAnswer> => {
    const way = await ways.current();
    const first = await sendBy(way, request, limits).catch((error: unknown) => {
      if (error instanceof Unavailable) return error;
      throw error;
    });
    const isUnreached = first instanceof Unavailable;
    if (!isUnreached && first.status !== 401) return first;
    const again = await ways.renewed(way);
    if (again !== way) return sendBy(again, request, limits);
    if (isUnreached) throw first;
    return first;
  };
};

/** Opens no connection yet, and reads no file: what is wrong is told with the first request, and with each until mended. */
export const openConnection = (settings: ConnectionSettings): Connection => {
  const ways = wayKeeper(openAccount(settings));
  const ask = sender(ways);
  const send = async (request: RequestContext): Promise<ResponseContext> => {
    const answer = await ask(request);
    const { status, headers, bytes } = answer;
    if (status < 200 || status > 299) throw answerError(answer, request.getHttpMethod() === HttpMethod.PATCH);
    return new ResponseContext(
      status,
      { ...headers },
      {
        text: async () => bytes.toString(),
        binary: async () => bytes,
        stream: () => null,
      },
    );
  };
  const sendCore = async (method: HttpMethod, path: string, object?: object, accept = JSON_TYPE): Promise<unknown> => {
    const request = new RequestContext(`${ANY_SERVER}/api/v1/${path}`, method);
    request.setHeaderParam('Accept', accept);
    if (object !== undefined) {
      request.setHeaderParam('Content-Type', JSON_TYPE);
      const body = JSON.stringify(object);
      // Node's own client tells no length of what a DELETE brings along, unless it is told to.
      request.setHeaderParam('Content-Length', String(Buffer.byteLength(body)));
      request.setBody(body);
    }
    return JSON.parse(await (await send(request)).body.text());
  };
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(ANY_SERVER, {}),
    httpApi: wrapHttpLibrary({ send }),
  });
  return {
    objects: new CustomObjectsApi(configuration),
    core: {
      get: (path) => sendCore(HttpMethod.GET, path),
      listMetadata: (path) => sendCore(HttpMethod.GET, path, undefined, METADATA),
      create: (path, object) => sendCore(HttpMethod.POST, path, object),
      replace: (path, object) => sendCore(HttpMethod.PUT, path, object),
      remove: (path, options) => sendCore(HttpMethod.DELETE, path, options),
    },
    read: (path, limits) => ask(new RequestContext(ANY_SERVER + path, HttpMethod.GET), limits),
    close: ways.close,
  };
};
