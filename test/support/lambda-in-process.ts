/** A handler as AWS Lambda would call it, in this process, with its log and what it asks of its queue at hand. */
import { allFunctions } from '../../functions/all.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import type { Authenticate } from '../../shared/runtime/auth-caller.ts';
import { readScope } from '../../shared/runtime/config.ts';
import type { Verify } from '../../shared/runtime/decide.ts';
import type { AnyFunction } from '../../shared/runtime/function.ts';
import { type Handler, lambdaHandler } from '../../shared/runtime/lambda.ts';
import { startMetrics } from '../../shared/runtime/metrics.ts';
import type { Output } from '../../shared/runtime/output.ts';
import type { Receipt, Visibility } from '../../shared/runtime/visibility.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import type { ScanStore } from '../../shared/scans/store.ts';
import { logInMemory } from './server-in-process.ts';

interface Settings {
  readonly functions?: readonly AnyFunction[];
  readonly store?: ScanStore;
  readonly output?: Output;
  readonly verify?: Verify;
  readonly authenticate?: Authenticate;
  readonly visibility?: Visibility;
  readonly deadLetters?: Output;
  readonly random?: () => number;
}

/** A message that the queue was told to hide, and for how many seconds. */
interface Hidden extends Receipt {
  readonly seconds: number;
}

interface InProcess {
  readonly handler: Handler;
  readonly lines: readonly JsonObject[];
  readonly hidden: readonly Hidden[];
}

export const lambda = ({
  functions = allFunctions,
  store = memoryStore({ maximum: 10_000 }),
  output,
  verify,
  authenticate,
  random = () => 0.5,
  ...settings
}: Settings = {}): InProcess => {
  const { log, lines } = logInMemory();
  const hidden: Hidden[] = [];
  const extend: Visibility['extend'] = async (receipt, seconds) => {
    hidden.push({ ...receipt, seconds });
  };
  const handler = lambdaHandler(functions, {
    responding: {
      store,
      scope: readScope({}),
      log,
      metrics: startMetrics(),
      settings: { cluster: 'test', ...(output && { output }) },
      ...(verify && { verify }),
      ...(authenticate && { authenticate }),
    },
    visibility: settings.visibility ?? { extend },
    ...(settings.deadLetters && { deadLetters: settings.deadLetters }),
    random,
  });
  return { handler, lines, hidden };
};
