/** Our own shape of a job event: `{ scan, run, startedAt | finishedAt, … }`, for senders that know no Kubernetes Event. */
import * as z from 'zod';
import { completeFinish, type Finish, failedFinish } from '../conditions/facts.ts';
import type { JsonObject } from '../conditions/status.ts';
import type { Event } from './event.ts';
import { generation, instant, objectName, reason, scanRef, uid } from './fields.ts';
import type { JobEvent } from './job-facts.ts';
import { Rejected, rejectedBySchema } from './rejected.ts';
import { believed, type Scope } from './scope.ts';
import { PROMISED_FACT } from './types.ts';

const text = z.string({ error: 'must be a string' });

export const nativeData = z
  .object({
    scan: scanRef,
    run: z.object(
      { job: objectName, uid, createdAt: instant.exactOptional(), generation: generation.exactOptional() },
      { error: 'must be an object' },
    ),
    startedAt: instant.exactOptional(),
    finishedAt: instant.exactOptional(),
    outcome: z.enum(['complete', 'failed'], { error: 'must be complete or failed' }).exactOptional(),
    reason: reason.exactOptional(),
    message: text.exactOptional(),
    error: text.exactOptional(),
  })
  .meta({ title: 'A job event in its native shape' });

type NativeData = z.infer<typeof nativeData>;

export const isNativeData = (data: JsonObject): boolean => 'scan' in data || 'run' in data;

const finishOf = ({ finishedAt, outcome, ...told }: NativeData, scope: Scope): Finish | undefined => {
  if (finishedAt === undefined) return undefined;
  // Nobody's finish is taken for a success that nobody spoke of.
  if (outcome === undefined) throw new Rejected('data.outcome', 'is required with finishedAt: complete or failed');
  const at = believed('data.finishedAt', finishedAt, scope);
  return outcome === 'complete' ? completeFinish(at) : failedFinish(at, told);
};

/** A type that says one thing and data that says another: somebody's route is wrong and must hear of it. */
const checkPromise = (type: string, { startedAt, finishedAt }: NativeData): void => {
  const promised = PROMISED_FACT.get(type);
  if (promised !== 'finished' && finishedAt !== undefined)
    throw new Rejected('data.finishedAt', `contradicts the type ${type}`);
  if (promised === 'started' && startedAt === undefined) throw new Rejected('data.startedAt', 'is required');
  if (promised === 'finished' && finishedAt === undefined) throw new Rejected('data.finishedAt', 'is required');
};

/** Reads the native shape. Throws `Rejected`. */
export const readNativeData = ({ type, data }: Event, scope: Scope): JobEvent => {
  const parsed = nativeData.safeParse(data);
  if (!parsed.success) throw rejectedBySchema('data', parsed.error);
  const { scan, run, startedAt } = parsed.data;
  checkPromise(type, parsed.data);
  const finish = finishOf(parsed.data, scope);
  if (run.createdAt !== undefined) believed('data.run.createdAt', run.createdAt, scope);
  if (startedAt !== undefined) believed('data.startedAt', startedAt, scope);
  return { scan, run, ...(startedAt !== undefined && { startedAt }), ...(finish !== undefined && { finish }) };
};
