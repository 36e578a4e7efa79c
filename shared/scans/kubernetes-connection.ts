/**
 * The connection to a Kubernetes API server: where it is, and who we are there.
 *
 * The client library makes a new TLS connection for each request; here all go through one dispatcher, which is made anew
 * only when certificates change. Whatever rotates (token files, certificates, a kubeconfig that is rewritten) is looked
 * at again after seconds, and at once when the server says that it does not know us.
 */
import { isDeepStrictEqual } from 'node:util';
import { isNativeError } from 'node:util/types';
import {
  CoreV1Api,
  CustomObjectsApi,
  createConfiguration,
  HttpMethod,
  type KubeConfig,
  RequestContext,
  ResponseContext,
  ServerConfiguration,
  setHeaderOptions,
  wrapHttpLibrary,
} from '@kubernetes/client-node';
import { Rejected } from '../events/rejected.ts';
import { answerError, Gone } from './api-answers.ts';
import { createDispatcher, type Dispatcher, dispatch, type HttpAnswer, type HttpRequest } from './dispatch.ts';
import { type Credentials, credentialsOf, type KubeconfigSettings, readKubeconfigs } from './kubeconfig.ts';
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

/** Asks for the metadata of a list's items alone. */
export const METADATA_ONLY = setHeaderOptions(
  'Accept',
  'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
);

/** How long an answer may take, and how much of it is read. */
type Limits = Pick<HttpRequest, 'deadline' | 'most'>;

export interface Connection {
  readonly objects: CustomObjectsApi;
  readonly core: CoreV1Api;
  /** What the server answers at a path, whatever it is and byte for byte: the client library makes texts of all. */
  readonly read: (path: string, limits: Limits) => Promise<HttpAnswer>;
  readonly close: () => void;
}

const problemOf = (error: unknown): string =>
  (isNativeError(error) ? error.message : String(error)).split('\n', 1)[0] ?? '';

/** Whatever keeps us from knowing who we are is told in one line, with what to look at. */
const unusable = (file: string, cause: unknown): Unavailable =>
  cause instanceof Unavailable
    ? cause
    : new Unavailable(`${file} cannot be used (${problemOf(cause)}); set KUBECONFIG to a kubeconfig that works`, {
        cause,
      });

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
const wayKeeper = (settings: KubeconfigSettings) => {
  const file = settings.kubeconfigs.join(':') || 'the kubeconfig';
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
      config ??= readKubeconfigs(settings);
      const credentials = await withinDeadline(credentialsOf(config));
      way = { credentials, dispatcher: await dispatcherFor(credentials, config), at: performance.now() };
      return way;
    } catch (cause) {
      config = undefined;
      throw unusable(file, cause);
    }
  };
  const lookOnce = (): Promise<Way> => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
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
    /** What to look at where the server is not to be reached. */
    hint: settings.kubeconfigs.length === 0 ? '' : `; look at the cluster and the user of ${file}`,
    close: () => void way?.dispatcher.destroy(),
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
  const sendBy = ({ credentials, dispatcher }: Way, request: RequestContext, limits: Limits): Promise<HttpAnswer> => {
    const { origin, prefix, headers } = credentials;
    const method = request.getHttpMethod().toString();
    const body = request.getBody();
    const patch = method === 'PATCH' && { 'Content-Type': MERGE_PATCH };
    const answering = dispatch(dispatcher, {
      method,
      origin,
      path: prefix + request.getUrl().slice(ANY_SERVER.length),
      headers: { ...request.getHeaders(), ...patch, ...headers, 'user-agent': 'scan-status' },
      ...(typeof body === 'string' && { body }),
      ...limits,
    });
    return answering.catch((error: unknown) => {
      throw error instanceof Unavailable ? new Unavailable(error.message + ways.hint, { cause: error.cause }) : error;
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
export const openConnection = (settings: KubeconfigSettings): Connection => {
  const ways = wayKeeper(settings);
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
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(ANY_SERVER, {}),
    httpApi: wrapHttpLibrary({ send }),
  });
  return {
    objects: new CustomObjectsApi(configuration),
    core: new CoreV1Api(configuration),
    read: (path, limits) => ask(new RequestContext(ANY_SERVER + path, HttpMethod.GET), limits),
    close: ways.close,
  };
};
