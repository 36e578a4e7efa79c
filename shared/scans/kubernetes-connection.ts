/**
 * The connection to a Kubernetes API server: where it is, and who we are there.
 *
 * The client library makes a new TLS connection for each request; here all go through one dispatcher, which is made anew
 * only when certificates change. Whatever rotates (token files, certificates, a kubeconfig that is rewritten) is looked
 * at again after seconds, and at once when the server says that it does not know us.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { dirname, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  CoreV1Api,
  CustomObjectsApi,
  createConfiguration,
  HttpMethod,
  KubeConfig,
  RequestContext,
  ResponseContext,
  ServerConfiguration,
  setHeaderOptions,
  wrapHttpLibrary,
} from '@kubernetes/client-node';
import { load } from 'js-yaml';
import { isJsonObject } from '../conditions/status.ts';
import { answerError } from './api-answers.ts';
import { type Certificates, createDispatcher, type Dispatcher, dispatch, type HttpAnswer } from './dispatch.ts';
import { Unanswered, Unavailable } from './unavailable.ts';

/** Milliseconds for which credentials are taken as they are. */
const CREDENTIALS_FOR = 10_000;
/** Milliseconds after which a server that does not know us, or is not there, makes us look again. */
const RENEWED_AFTER = 1_000;
/** Milliseconds that a program may take which a kubeconfig names to get credentials. */
const CREDENTIALS_DEADLINE = 15_000;
/** Stands for the server in the client library's requests: which one it is, the kubeconfig says anew now and then. */
const ANY_SERVER = 'https://kubernetes.default.svc';
/** Times that a read is tried whose answer got lost. */
const READS = 3;
/** The only patch that is sent; the client library would say it is a JSON patch. */
const MERGE_PATCH = 'application/merge-patch+json';
const IN_CLUSTER = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Asks for the metadata of a list's items alone. */
export const METADATA_ONLY = setHeaderOptions(
  'Accept',
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
);

export interface Connection {
  readonly objects: CustomObjectsApi;
  readonly core: CoreV1Api;
  readonly close: () => void;
}

/** Files as `KUBECONFIG` names them; none: the account of the pod we run in. */
export interface ConnectionSettings {
  readonly kubeconfigs: readonly string[];
}

interface Credentials {
  /** The server's origin, and the path under which it serves. */
  readonly origin: string;
  readonly prefix: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Certificates;
  /** Through which the server is reached; absent where it is reached directly. */
  readonly proxy?: string;
}

const problemOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? '';

/** Whatever keeps us from knowing who we are is told in one line, with what to look at. */
const unusable = (file: string, cause: unknown): Unavailable =>
  cause instanceof Unavailable
    ? cause
    : new Unavailable(`${file} cannot be used (${problemOf(cause)}); set KUBECONFIG to a kubeconfig that works`, {
        cause,
      });

/** kubectl's `tokenFile`, which the client library knows under another name. */
const withTokenFile = (entry: unknown, folder: string): unknown => {
  if (!isJsonObject(entry) || !isJsonObject(entry.user) || typeof entry.user.tokenFile !== 'string') return entry;
  const tokenFile = resolve(folder, entry.user.tokenFile);
  return { ...entry, user: { ...entry.user, 'auth-provider': { name: 'tokenFile', config: { tokenFile } } } };
};

const readFile = (file: string): KubeConfig => {
  const parsed = load(readFileSync(file, 'utf8'));
  if (!isJsonObject(parsed) || !Array.isArray(parsed.clusters)) throw new Error('it is no kubeconfig');
  const folder = dirname(file);
  const users = Array.isArray(parsed.users) ? parsed.users.map((entry) => withTokenFile(entry, folder)) : [];
  const config = new KubeConfig();
  config.loadFromString(JSON.stringify({ ...parsed, users }));
  config.makePathsAbsolute(folder);
  return config;
};

const readConfig = ([first, ...others]: readonly string[]): KubeConfig => {
  if (first === undefined) {
    if (!existsSync(IN_CLUSTER)) throw new Error('there is none, and this is no pod of a cluster');
    const config = new KubeConfig();
    config.loadFromCluster();
    return config;
  }
  const config = readFile(first);
  for (const file of others) config.mergeConfig(readFile(file), true);
  return config;
};

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

const basic = (auth: string): string => `Basic ${Buffer.from(auth).toString('base64')}`;

const credentialsOf = async (config: KubeConfig): Promise<Credentials> => {
  const cluster = config.getCurrentCluster();
  if (!cluster?.server) throw new Error('its current context names no cluster');
  const options: RequestOptions = {};
  await withinDeadline(config.applyToHTTPSOptions(options));
  const { ca, cert, key, rejectUnauthorized, servername, auth, headers } = options;
  const tls = Object.entries({ ca, cert, key, rejectUnauthorized, servername }).filter(([, value]) => value != null);
  const { origin, pathname } = new URL(cluster.server);
  return {
    origin,
    prefix: pathname.replace(/\/$/, ''),
    headers: { ...(auth && { authorization: basic(auth) }), ...(headers as Record<string, string>) },
    tls: Object.fromEntries(tls),
    ...(cluster.proxyUrl && { proxy: cluster.proxyUrl }),
  };
};

/** A way through a proxy, as the client library makes it. */
const throughProxy = async (config: KubeConfig, origin: string): Promise<Dispatcher> => {
  const context = new RequestContext(origin, HttpMethod.GET);
  await config.applySecurityAuthentication(context);
  const dispatcher = context.getDispatcher();
  if (dispatcher === undefined) throw new Error('its proxy cannot be used');
  return dispatcher;
};

const isSameWay = (a: Credentials, b: Credentials): boolean =>
  a.proxy === b.proxy && a.origin === b.origin && isDeepStrictEqual(a.tls, b.tls);

interface Way {
  readonly credentials: Credentials;
  readonly dispatcher: Dispatcher;
  /** When it was looked at, in milliseconds of the process's own clock. */
  readonly at: number;
}

const isOlder = ({ at }: Way, milliseconds: number): boolean => performance.now() - at > milliseconds;

/** Who we are and how to get there, looked at again when it is old, and once for all who ask meanwhile. */
const wayKeeper = ({ kubeconfigs }: ConnectionSettings) => {
  const file = kubeconfigs.join(':') || 'the kubeconfig';
  let config: KubeConfig | undefined;
  let way: Way | undefined;
  let looking: Promise<Way> | undefined;

  const dispatcherFor = async (credentials: Credentials, read: KubeConfig): Promise<Dispatcher> => {
    if (way !== undefined && isSameWay(way.credentials, credentials)) return way.dispatcher;
    void way?.dispatcher.close();
    return credentials.proxy ? throughProxy(read, credentials.origin) : createDispatcher(credentials.tls);
  };
  const look = async (): Promise<Way> => {
    try {
      config ??= readConfig(kubeconfigs);
      const credentials = await credentialsOf(config);
      way = { credentials, dispatcher: await dispatcherFor(credentials, config), at: performance.now() };
      return way;
    } catch (cause) {
      config = undefined;
      throw unusable(file, cause);
    } finally {
      looking = undefined;
    }
  };
  const lookOnce = (): Promise<Way> => {
    looking ??= look();
    return looking;
  };
  return {
    current: (): Way | Promise<Way> => (way === undefined || isOlder(way, CREDENTIALS_FOR) ? lookOnce() : way),
    /** Reads everything again, unless that was done since `used`, or a moment ago. */
    renewed: (used: Way): Way | Promise<Way> => {
      if (way !== used) return way ?? lookOnce();
      if (!isOlder(used, RENEWED_AFTER)) return used;
      config = undefined;
      return lookOnce();
    },
    close: () => void way?.dispatcher.destroy(),
  };
};

/** Asks again where no answer came: a read changes nothing. */
export const patiently = async <T>(read: () => Promise<T>): Promise<T> => {
  for (let tried = 1; ; tried += 1) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      if (tried === READS) throw new Unavailable('the API server does not answer', { cause: error.cause });
    }
  }
};

/** Opens no connection yet, and reads no file: what is wrong is told with the first request, and with each until mended. */
export const openConnection = (settings: ConnectionSettings): Connection => {
  const ways = wayKeeper(settings);

  const sendBy = async ({ credentials, dispatcher }: Way, request: RequestContext): Promise<HttpAnswer> => {
    const { origin, prefix, headers } = credentials;
    const method = request.getHttpMethod().toString();
    const body = request.getBody();
    const patch = method === 'PATCH' && { 'Content-Type': MERGE_PATCH };
    return dispatch(dispatcher, {
      method,
      origin,
      path: prefix + request.getUrl().slice(ANY_SERVER.length),
      headers: { ...request.getHeaders(), ...patch, ...headers, 'user-agent': 'scan-status' },
      ...(typeof body === 'string' && { body }),
    });
  };
  const send = async (request: RequestContext): Promise<ResponseContext> => {
    const way = await ways.current();
    let answer = await sendBy(way, request).catch(async (error: unknown) => {
      // Certificates may have changed: the next request looks.
      if (error instanceof Unavailable) await ways.renewed(way);
      throw error;
    });
    if (answer.status === 401) {
      const again = await ways.renewed(way);
      if (again !== way) answer = await sendBy(again, request);
    }
    const { status, headers, text } = answer;
    if (status < 200 || status > 299) throw answerError(answer);
    return new ResponseContext(
      status,
      { ...headers },
      {
        text: async () => text,
        binary: async () => Buffer.from(text),
        stream: () => null,
      },
    );
  };
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(ANY_SERVER, {}),
    httpApi: wrapHttpLibrary({ send }),
  });
  return {
    objects: new CustomObjectsApi(configuration),
    core: new CoreV1Api(configuration),
    close: ways.close,
  };
};
