/**
 * A proxy before an API server: it counts what passes, and can lose answers as a network does, after the server has done
 * what was asked.
 *
 * It shows the API server's own certificate, so that whoever trusts the server trusts it.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Access } from './cluster.ts';

/** A request that has passed, and what the server answered; no status where it did not answer. */
interface Passed {
  readonly method: string;
  readonly path: string;
  readonly status?: number;
  /** Whether the answer was lost on its way back. */
  readonly isLost: boolean;
}

export interface WatchedServer {
  /** The cluster as it is seen through the proxy. */
  readonly access: Pick<Access, 'url' | 'ca' | 'token'>;
  /** What has passed so far. */
  readonly passed: readonly Passed[];
  readonly close: () => Promise<void>;
}

type Method = Pick<Passed, 'method' | 'path'>;

/** Starts a proxy before a cluster of this machine; `loses` says whether the answer to a request gets lost. */
export const startProxy = async (
  { url, ca, token, kubeconfig }: Access,
  { loses = () => false }: { readonly loses?: (asked: Method) => boolean } = {},
): Promise<WatchedServer> => {
  const key = readFileSync(join(dirname(kubeconfig), 'certificates', 'apiserver.key'), 'utf8');
  const agent = new Agent({ keepAlive: true, ca });
  const passed: Passed[] = [];

  const ask = async ({ method, url: path, headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> => {
    const asked = request(`${url}${path}`, { method, headers, agent });
    asked.end(body);
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return answer;
  };
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const asked = { method: incoming.method ?? '', path: incoming.url ?? '' };
    try {
      const answer = await ask(incoming, await buffer(incoming));
      const body = await buffer(answer);
      const status = answer.statusCode ?? 0;
      const isLost = loses(asked);
      passed.push({ ...asked, status, isLost });
      if (isLost) incoming.socket.destroy();
      else outgoing.writeHead(status, answer.headers).end(body);
    } catch {
      // A server that is gone ends its connections, and so does its proxy.
      passed.push({ ...asked, isLost: false });
      incoming.socket.destroy();
    }
  };
  const server = createServer({ cert: ca, key }, (incoming, outgoing) => void pass(incoming, outgoing));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    access: { url: `https://127.0.0.1:${port}`, ca, token },
    passed,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
};
