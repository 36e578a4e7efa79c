/** Servers on this machine that sources are fetched from, with whatever a stranger's server may do. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach } from '@jest/globals';
import { createAuthority } from './certificates.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface SourceServer {
  readonly url: string;
  readonly port: number;
  /** The certificate of the authority that vouches for the server. */
  readonly ca: string;
  /** The requests so far. */
  readonly asked: readonly IncomingMessage[];
  /** Connections that were made, and those that are still open. */
  readonly connections: () => { readonly made: number; readonly open: number };
  /** Settles once no connection is open. */
  readonly quiet: () => Promise<void>;
}

interface Opened extends SourceServer {
  readonly close: () => Promise<void>;
}

const open = async (answer: Answer, tls: boolean): Promise<Opened> => {
  const authority = createAuthority();
  const asked: IncomingMessage[] = [];
  const sockets = new Set<Socket>();
  let made = 0;
  let closed = Promise.withResolvers<void>();
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    asked.push(request);
    answer(request, response);
  };
  const server = tls ? createHttpsServer(authority.issue('server'), listener) : createHttpServer(listener);
  server.on('connection', (socket) => {
    made += 1;
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      closed.resolve();
      closed = Promise.withResolvers();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    ca: authority.cert,
    asked,
    connections: () => ({ made, open: sockets.size }),
    quiet: async () => {
      while (sockets.size > 0) await closed.promise;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};

/** Call it where tests are described: what it gives opens a server, over HTTPS unless told otherwise, for one test. */
export const sourceServers = (): ((answer: Answer, settings?: { readonly tls?: boolean }) => Promise<SourceServer>) => {
  const opened: Opened[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map(({ close }) => close()));
  });
  return async (answer, { tls = true } = {}) => {
    const server = await open(answer, tls);
    opened.push(server);
    return server;
  };
};
