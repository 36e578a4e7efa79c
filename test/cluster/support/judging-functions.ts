/** All functions in a process of their own, as an administrator starts them, and what they are told of policies. */
import type { JsonObject } from '../../../shared/conditions/status.ts';
import { type Answer, type Sent, send } from '../../support/http-client.ts';
import { structured } from '../../support/http-messages.ts';
import { type ServerProcess, serverProcesses } from '../../support/server-process.ts';
import { cluster } from './access.ts';
import { applyPolicy, objectEvent } from './judged-scans.ts';

export interface JudgingFunctions extends Pick<ServerProcess, 'url' | 'kill'> {
  /** Posts an event, or a request as it stands; events go to `/` unless told otherwise. */
  readonly post: (event: JsonObject, path?: string) => Promise<Answer>;
  readonly send: (request: Sent) => Promise<Answer>;
  /** Applies a policy and tells the functions of it, which then know whether it compiles. */
  readonly compile: (rego: string, name?: string) => Promise<void>;
}

type Environment = Readonly<Record<string, string>>;

/** Call it where tests are described: what it gives starts the functions for a namespace; they do not outlive their test. */
export const judgingFunctions = (): ((namespace: string, environment?: Environment) => Promise<JudgingFunctions>) => {
  const spawn = serverProcesses();
  return async (namespace, environment = {}) => {
    const { url, kill } = await spawn({
      SCAN_STORE: 'kubernetes',
      KUBECONFIG: cluster().kubeconfig,
      SCAN_NAMESPACES: namespace,
      OPA_BIN: process.env['OPA_BIN'] ?? '',
      ...environment,
    });
    const post: JudgingFunctions['post'] = (event, path) => send(url, structured(event, path));
    return {
      url,
      kill,
      post,
      send: (request) => send(url, request),
      compile: async (rego, name) => {
        const { status, body } = await post(objectEvent(await applyPolicy(namespace, rego, name)));
        if (status !== 204) throw new Error(`${status} ${body}`);
      },
    };
  };
};
