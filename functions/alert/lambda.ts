/** `alert` on AWS Lambda: its handler, for whatever brings it events. */
import { startLambda } from '../../shared/runtime/lambda.ts';
import { openAlone } from './open.ts';

export const handler = await startLambda(openAlone);
