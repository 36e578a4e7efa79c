/** Servers in this process, on a free port of this machine, with their log at hand. */
import { afterEach } from '@jest/globals';
import { pino } from 'pino';
import { allFunctions } from '../../functions/all.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import type { Scope } from '../../shared/events/scope.ts';
import { readScope } from '../../shared/runtime/config.ts';
import type { Verify } from '../../shared/runtime/decide.ts';
import type { AnyFunction } from '../../shared/runtime/function.ts';
import { httpHandler } from '../../shared/runtime/http.ts';
import type { Logger } from '../../shared/runtime/log.ts';
import { startMetrics } from '../../shared/runtime/metrics.ts';
import { type RunningServer, startServer } from '../../shared/runtime/server.ts';
import { sinkOutput } from '../../shared/runtime/sink.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import type { ScanStore } from '../../shared/scans/store.ts';

/** A log, and the lines written to it so far. */
export const logInMemory = (): { readonly log: Logger; readonly lines: readonly JsonObject[] } => {
  const lines: JsonObject[] = [];
  const log = pino({ level: 'trace', base: null }, { write: (line: string) => lines.push(JSON.parse(line)) });
  return { log, lines };
};

interface Settings {
  readonly store?: ScanStore;
  readonly scope?: Scope;
  readonly sink?: string;
  readonly isLoopback?: boolean;
  readonly stopDeadline?: number;
  readonly verify?: Verify;
  readonly functions?: readonly AnyFunction[];
}

interface Served extends RunningServer {
  readonly lines: readonly JsonObject[];
}

/** Call it where tests are described: what it gives starts a server, which is stopped after its test. */
export const servers = (): ((settings?: Settings) => Promise<Served>) => {
  const running: RunningServer[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ stop }) => stop()));
  });
  return async ({ store = memoryStore({ maximum: 10_000 }), scope = readScope({}), ...settings } = {}) => {
    const { sink, isLoopback = true, stopDeadline, verify, functions = allFunctions } = settings;
    const { log, lines } = logInMemory();
    const answers = { cluster: 'test', ...(sink !== undefined && { output: sinkOutput(sink) }) };
    const handler = httpHandler(functions, {
      store,
      scope,
      log,
      metrics: startMetrics(),
      settings: answers,
      isLoopback,
      ...(verify && { verify }),
    });
    const server = await startServer(handler, {
      port: 0,
      host: '127.0.0.1',
      ...(stopDeadline !== undefined && { stopDeadline }),
    });
    running.push(server);
    return { ...server, lines };
  };
};
