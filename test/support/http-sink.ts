/** A place that events are sent to, and what arrives there. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';

interface Arrived {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly event: JsonObject;
}

/** Answers an event that arrived: the status, and where it redirects to. */
type Accept = (arrived: Arrived) => Promise<{ readonly status: number; readonly location?: string }>;

interface Sink {
  readonly url: string;
  readonly arrived: readonly Arrived[];
  readonly close: () => Promise<void>;
}

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });

const open = async (accept: Accept): Promise<Sink> => {
  const arrived: Arrived[] = [];
  const server = createServer(async (request, response) => {
    const one = { path: request.url ?? '', headers: request.headers, event: JSON.parse(await text(request)) };
    arrived.push(one);
    const { status, location } = await accept(one);
    response.writeHead(status, { ...(location !== undefined && { location }) }).end('thank you');
  });
  const url = await listen(server);
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url, arrived, close };
};

/** Call it where tests are described: what it gives opens a sink, which is closed after its test. */
export const sinks = (): ((accept?: Accept) => Promise<Sink>) => {
  const opened: Sink[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ close }) => close()));
  });
  return async (accept = async () => ({ status: 202 })) => {
    const sink = await open(accept);
    opened.push(sink);
    return sink;
  };
};
