/**
 * What stands before the API server in EKS: it looks at the token that a request shows, and lets those that are good pass
 * as somebody the server knows.
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

export interface EksFront {
  readonly url: string;
  /** The tokens that were shown, and why each was not believed; `undefined`, it was. */
  readonly shown: ReadonlyMap<string, string | undefined>;
  readonly close: () => Promise<void>;
}

/** Starts it before a cluster of this machine; `problemOf` says why a token is not believed. */
export const startEksFront = async (
  { url, ca, token, kubeconfig }: Access,
  problemOf: (shown: string) => string | undefined,
): Promise<EksFront> => {
  const key = readFileSync(join(dirname(kubeconfig), 'certificates', 'apiserver.key'), 'utf8');
  const agent = new Agent({ keepAlive: true, ca });
  const shown = new Map<string, string | undefined>();

  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<unknown> => {
    const one = (incoming.headers.authorization ?? '').replace(/^Bearer /, '');
    const problem = problemOf(one);
    shown.set(one, problem);
    if (problem !== undefined) return outgoing.writeHead(401).end();
    const headers = { ...incoming.headers, authorization: `Bearer ${token}` };
    const asked = request(`${url}${incoming.url}`, { method: incoming.method, headers, agent });
    asked.end(await buffer(incoming));
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return outgoing.writeHead(answer.statusCode ?? 500, answer.headers).end(await buffer(answer));
  };
  const server = createServer({ cert: ca, key }, (incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    shown,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
};
