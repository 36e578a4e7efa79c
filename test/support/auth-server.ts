/** A server in this process that asks for credentials: static tokens, each of a credential that is allowed something else. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { allFunctions } from '../../functions/all.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import type { Authenticate } from '../../shared/runtime/auth-caller.ts';
import { readScope } from '../../shared/runtime/config.ts';
import type { AnyFunction } from '../../shared/runtime/function.ts';
import { httpHandler } from '../../shared/runtime/http.ts';
import { startMetrics } from '../../shared/runtime/metrics.ts';
import { type RunningServer, startServer } from '../../shared/runtime/server.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import { authenticationOf } from './auth-credentials.ts';
import { temporaryFolder } from './cli-folder.ts';
import { type Answer, type Sent, send } from './http-client.ts';
import { logInMemory } from './server-in-process.ts';

interface Guarded {
  readonly url: string;
  readonly lines: readonly JsonObject[];
  /** Sends a request with the token of a credential; without one, as a stranger. */
  readonly send: (sent: Sent, credential?: string) => Promise<Answer>;
}

interface Settings {
  readonly functions?: readonly AnyFunction[];
  readonly isLoopback?: boolean;
  /** In place of the tokens. */
  readonly authenticate?: Authenticate;
}

/** The token of each credential is made of its name. */
const tokenOf = (name: string): string => `${name}-0123456789abcdef`;

/** Call it where tests are described: what it gives starts a server for one test, which knows these credentials. */
export const guardedServers = (): ((
  allows: Readonly<Record<string, JsonObject>>,
  settings?: Settings,
) => Promise<Guarded>) => {
  const folder = temporaryFolder();
  const running: RunningServer[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ stop }) => stop()));
  });
  return async (allows, { functions = allFunctions, isLoopback = false, authenticate } = {}) => {
    const credentials = Object.entries(allows).map(([name, allowed]) => {
      const file = join(folder, name);
      writeFileSync(file, tokenOf(name));
      return { name, tokens: { files: [file] }, allows: allowed };
    });
    const { log, lines } = logInMemory();
    const handler = httpHandler(functions, {
      store: memoryStore({ maximum: 1_000 }),
      scope: readScope({}),
      log,
      metrics: startMetrics(),
      settings: { cluster: 'test' },
      isLoopback,
      authenticate: authenticate ?? (await authenticationOf(credentials)),
    });
    const server = await startServer(handler, { port: 0, host: '127.0.0.1' });
    running.push(server);
    return {
      url: server.url,
      lines,
      send: ({ headers = {}, ...sent }, credential) => {
        const shown = credential === undefined ? {} : { authorization: `Bearer ${tokenOf(credential)}` };
        return send(server.url, { ...sent, headers: { ...(headers as Readonly<Record<string, string>>), ...shown } });
      },
    };
  };
};
