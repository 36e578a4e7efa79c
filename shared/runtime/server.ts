/** The HTTP server: it listens, and it stops without losing what it has accepted. */
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** Milliseconds for a sender to get its headers, and its whole request, across. */
const HEADERS_DEADLINE = 10_000;
const REQUEST_DEADLINE = 30_000;
/** Milliseconds that a request may still take once the server stops: Kubernetes kills after 30 seconds. */
const STOP_DEADLINE = 20_000;

interface ListenSettings {
  readonly port: number;
  readonly host: string;
  /** Milliseconds that a request in flight may take once the server stops. */
  readonly stopDeadline?: number;
}

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

/** Keeps account of the connections and the answers that are still owed; what it gives back ends them all. */
const connectionsOf = (server: Server): { readonly end: () => void } => {
  const connections = new Set<Socket>();
  const owed = new Map<ServerResponse, Socket>();
  server.on('connection', (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.prependListener('request', ({ socket }, response) => {
    owed.set(response, socket);
    response.once('close', () => owed.delete(response));
  });
  // A connection kept alive would hold the server open: each is closed once its last answer is out. One that has sent
  // no whole request yet is owed nothing, and might never end: Node checks its deadlines no more once a server closes.
  const end = (): void => {
    const last = new Map([...owed].map(([response, socket]) => [socket, response]));
    for (const socket of connections) if (!last.has(socket)) socket.destroy();
    for (const [socket, response] of last) {
      if (!response.headersSent) response.setHeader('connection', 'close');
      response.once('close', () => socket.destroySoon());
    }
  };
  return { end };
};

/** Starts to listen. Rejects with Node's error where the port cannot be had. */
export const startServer = async (
  handler: RequestListener,
  { port, host, stopDeadline = STOP_DEADLINE }: ListenSettings,
): Promise<RunningServer> => {
  const server = createServer(handler);
  server.headersTimeout = HEADERS_DEADLINE;
  server.requestTimeout = REQUEST_DEADLINE;
  const connections = connectionsOf(server);
  const address = await listen(server, port, host);
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      connections.end();
      setTimeout(() => server.closeAllConnections(), stopDeadline).unref();
    });
  return { url: urlOf(address), stop };
};
