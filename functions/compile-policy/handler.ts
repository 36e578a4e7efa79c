/**
 * A ScanPolicy was written: its Rego becomes a bundle that scans can be judged by.
 *
 * Sets `Compiled`, and the bundle's digest and ConfigMap. The event is a hint: the policy is read anew.
 */
import { readScanPolicy } from '../../shared/events/scan-policy.ts';
import { isIgnored } from '../../shared/events/scope.ts';
import { APISERVER_ADDED, APISERVER_UPDATED } from '../../shared/events/types.ts';
import type { WorkingFunction } from '../../shared/runtime/function.ts';
import type { CompileServices } from './compilation.ts';
import { keepCompiled } from './keep-compiled.ts';

/** The function, given what it works with. A policy that was deleted takes its ConfigMaps along by itself. */
export const compilePolicy = (services: CompileServices): WorkingFunction => ({
  name: 'compile-policy',
  accepts: [APISERVER_ADDED, APISERVER_UPDATED],
  handle: async (event, scope) => {
    const named = readScanPolicy(event, scope);
    if (isIgnored(named)) return { outcome: 'ignored', why: named.ignored, emits: [] };
    return { ...(await keepCompiled(named, services)), emits: [] };
  },
});
