/** `policy-evaluated` on Knative: a process that serves it over HTTP on `PORT`. */
import { serve } from '../../shared/runtime/serve.ts';
import { policyEvaluated } from './handler.ts';

await serve(() => ({ functions: [policyEvaluated] }));
