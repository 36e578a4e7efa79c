/**
 * HTTP requests over connections that are kept alive and shared, each with a deadline.
 *
 * A request that nobody answered is told apart from one that never left: only the first may have had an effect.
 */
import type { ConnectionOptions } from 'node:tls';
import { Agent, type Dispatcher } from 'undici';
import { Unanswered, Unavailable } from './unavailable.ts';

/** Milliseconds for a connection, and for a whole request with its answer. */
const CONNECT_DEADLINE = 5_000;
const REQUEST_DEADLINE = 10_000;
/** Milliseconds that an idle connection is kept: less than an API server keeps it, which is 90 seconds. */
const KEPT_IDLE = 60_000;
/** More requests at once wait for one of these. */
const CONNECTIONS = 64;

export type { Dispatcher };

export interface HttpRequest {
  readonly method: string;
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds for the whole of it, where it may take longer than others. */
  readonly deadline?: number;
  /** The bytes of the answer that are read; what comes after them is left. All, where it is absent. */
  readonly most?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** Whom to trust, and who we are. */
export type Certificates = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

/** Connections to whichever server is asked for, under these certificates. */
export const createDispatcher = (tls: Certificates): Dispatcher =>
  new Agent({
    connect: { ...tls, timeout: CONNECT_DEADLINE, keepAlive: true, keepAliveInitialDelay: KEPT_IDLE / 2 },
    connections: CONNECTIONS,
    keepAliveTimeout: KEPT_IDLE,
    keepAliveMaxTimeout: KEPT_IDLE,
    // Measured: a connection for each request under way is faster than one that all share.
    allowH2: false,
  });

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

const failure = (error: Error, origin: string, hasLeft: boolean): Error => {
  if (hasLeft) return new Unanswered({ cause: error });
  return new Unavailable(`${origin} cannot be reached (${codeOf(error) || error.message})`, { cause: error });
};

/** Sends a request and reads its answer. Rejects with `Unavailable` where it never left, else with `Unanswered`. */
export const dispatch = (dispatcher: Dispatcher, request: HttpRequest): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const { origin, path, method, headers, body = null } = request;
    const { deadline = REQUEST_DEADLINE, most = Number.POSITIVE_INFINITY } = request;
    const pieces: Buffer[] = [];
    let length = 0;
    let status = 0;
    let answered: HttpAnswer['headers'] = {};
    let hasLeft = false;
    let late: Error | undefined;
    let abort = (_: Error): void => {};
    const timer = setTimeout(() => {
      late = new Error(`no answer within ${deadline / 1_000} seconds`);
      reject(failure(late, origin, hasLeft));
      abort(late);
    }, deadline);
    const end = (): void => {
      clearTimeout(timer);
      resolve({ status, headers: answered, bytes: Buffer.concat(pieces).subarray(0, most) });
    };
    dispatcher.dispatch(
      { origin, path, method, headers, body, headersTimeout: deadline, bodyTimeout: deadline },
      {
        // It has a connection and is written next. What was told to be too late must not leave after all.
        onRequestStart: (controller) => {
          abort = (error) => controller.abort(error);
          if (late === undefined) hasLeft = true;
          else abort(late);
        },
        onResponseStart: (_, code, all) => {
          status = code;
          answered = all as HttpAnswer['headers'];
        },
        onResponseData: (_, piece) => {
          pieces.push(piece);
          length += piece.length;
          if (length < most) return;
          end();
          abort(new Error('enough was read'));
        },
        onResponseEnd: end,
        onResponseError: (_, error) => {
          clearTimeout(timer);
          reject(failure(error, origin, hasLeft));
        },
      },
    );
  });
