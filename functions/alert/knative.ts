/** `alert` on Knative: a process that serves it over HTTP on `PORT`. */
import { serve } from '../../shared/runtime/serve.ts';
import { openAlone } from './open.ts';

await serve(openAlone);
