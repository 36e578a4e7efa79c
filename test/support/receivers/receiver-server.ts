/** What the receivers on this machine have in common: a clock that a test moves, a way in, and trouble on request. */
import { text } from 'node:stream/consumers';
import type { Clock } from '../../../shared/alerts/receivers/rate.ts';
import type { ReceiverSettings } from '../../../shared/alerts/receivers/settings.ts';
import { type SourceServer, sourceServers } from '../source-servers.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Answered {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a receiver says to a request; it is called with each, in the order of their arrival. */
export type Vendor = (asked: Asked) => Answered;

/** What goes wrong although the request is right: of the n-th request, from 0. */
export type Troubles = (request: number) => Answered | 'hang up' | undefined;

export interface TestClock extends Clock {
  readonly move: (milliseconds: number) => void;
  /** All sleeps so far, in milliseconds. */
  readonly slept: readonly number[];
}

/** A clock that stands still but for sleeps, which pass at once, and for `move`. */
export const testClock = (start = '2026-03-01T12:00:00Z'): TestClock => {
  let now = Date.parse(start);
  const slept: number[] = [];
  return {
    now: () => now,
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      now += milliseconds;
    },
    move: (milliseconds) => {
      now += milliseconds;
    },
    slept,
  };
};

/** Refuses what exceeds `most` requests in any `window` milliseconds: gives the seconds to wait. */
export const limiter = (most: number, window: number, { now }: Clock): (() => number | undefined) => {
  let taken: readonly number[] = [];
  return () => {
    const instant = now();
    taken = taken.filter((at) => instant - at < window);
    if (taken.length >= most) return Math.max(1, Math.ceil(((taken[0] ?? 0) + window - instant) / 1_000));
    taken = [...taken, instant];
    return undefined;
  };
};

export const tooMany = (seconds: number, body = ''): Answered => ({
  status: 429,
  headers: { 'retry-after': String(seconds) },
  body,
});

/** The value that a text of JSON is, `undefined` where it is none. */
export const parsed = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
};

export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};

export interface ReceiverServer extends SourceServer {
  readonly requests: readonly Asked[];
  /** What a receiver of ours needs to be told to find it. */
  readonly settings: ReceiverSettings & { readonly clock: TestClock };
}

/** Call it where tests are described: what it gives opens a server for one test. */
export const receiverServers = () => {
  const serve = sourceServers();
  return async (
    vendor: Vendor,
    clock: TestClock,
    troubles: Troubles = () => undefined,
    how: { readonly tls?: boolean } = {},
  ): Promise<ReceiverServer> => {
    const requests: Asked[] = [];
    const server = await serve(async (request, response) => {
      const { method = '', url = '', headers } = request;
      const asked = { method, path: url, headers, body: await text(request) };
      const trouble = troubles(requests.length);
      requests.push(asked);
      if (trouble === 'hang up') return request.socket.destroy();
      const answer = trouble ?? vendor(asked);
      return response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
    }, how);
    const settings = { name: 'ops', privateAddresses: ['127.0.0.0/8'], ca: server.ca, clock };
    return { ...server, requests, settings };
  };
};
