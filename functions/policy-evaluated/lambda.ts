/** `policy-evaluated` on AWS Lambda: its handler, for whatever brings it events. */
import { startLambda } from '../../shared/runtime/lambda.ts';
import { policyEvaluated } from './handler.ts';

export const handler = await startLambda(() => ({ functions: [policyEvaluated] }));
