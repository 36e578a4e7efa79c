/** `job-finished` on Knative: a process that serves it over HTTP on `PORT`. */
import { serve } from '../../shared/runtime/serve.ts';
import { jobFinished } from './handler.ts';

await serve(() => ({ functions: [jobFinished] }));
