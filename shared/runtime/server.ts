/** The HTTP server: it listens, and it stops without losing what it has accepted. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import type { NodeBindings } from './http.ts';

/** Milliseconds for a sender to get its headers, and its whole request, across. */
const HEADERS_DEADLINE = 10_000;
const REQUEST_DEADLINE = 30_000;

export interface RunningServer {
  readonly url: string;
  /** Stops accepting, answers what is in flight, and then resolves. */
  readonly stop: () => Promise<void>;
}

const listen = (server: Server, port: number, host: string): Promise<AddressInfo> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });

const urlOf = ({ address, family, port }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;

/** Starts to listen. Rejects with Node's error where the port cannot be had. */
export const startServer = async (
  app: Hono<NodeBindings>,
  { port, host }: { readonly port: number; readonly host: string },
): Promise<RunningServer> => {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.headersTimeout = HEADERS_DEADLINE;
  server.requestTimeout = REQUEST_DEADLINE;
  const address = await listen(server, port, host);
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      // A connection kept alive would hold the server open: each is closed once its last answer is out.
      server.prependListener('request', (_, response) => response.setHeader('connection', 'close'));
      server.on('request', (_, response) => response.once('close', () => server.closeIdleConnections()));
      server.close(() => resolve());
    });
  return { url: urlOf(address), stop };
};
