/** Calls one of a policy's built-ins, as the engine does. */

import type { Instant } from '../../shared/conditions/instant.ts';
import { builtInsAt } from '../../shared/policy/built-ins/built-ins.ts';

export const EVALUATED_AT = '2026-11-23T05:51:52Z' as Instant;

const builtIns = builtInsAt(EVALUATED_AT);

/** What a call is worth; `undefined` where OPA has an error. Throws what ends an evaluation. */
export const callBuiltIn = (name: string, ...operands: readonly unknown[]): unknown => {
  const builtIn = builtIns.get(name);
  if (builtIn === undefined) throw new Error(`there is no built-in ${name}`);
  return builtIn(...operands);
};
