/** `job-started` on AWS Lambda: its handler, for whatever brings it events. */
import { startLambda } from '../../shared/runtime/lambda.ts';
import { jobStarted } from './handler.ts';

export const handler = await startLambda(() => ({ functions: [jobStarted] }));
