/**
 * A whole Job, as Knative's ApiServerSource sends it in resource mode.
 *
 * Its `id` is random and its `time` is when it was sent, so neither is used: the facts are those of the Job's `metadata`
 * and `status`.
 */
import * as z from 'zod';
import { completeFinish, deletedFinish, type Finish, failedFinish } from '../conditions/facts.ts';
import { type Instant, parseInstant } from '../conditions/instant.ts';
import type { JsonObject } from '../conditions/status.ts';
import type { Event } from './event.ts';
import { instant } from './fields.ts';
import type { JobEvent } from './job-facts.ts';
import { isBatchJob, jobIdentity, ownerReferences, scanGeneration, scanOwner } from './owner.ts';
import { Rejected, rejectedBySchema } from './rejected.ts';
import { believed, type Ignored, isIgnored, type Scope } from './scope.ts';
import { APISERVER_ADDED, APISERVER_DELETED, APISERVER_UPDATED } from './types.ts';

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().nullish(),
  message: z.string().nullish(),
  lastTransitionTime: instant.nullish(),
  lastProbeTime: instant.nullish(),
});

export const jobData = z
  .object({
    kind: z.literal('Job'),
    metadata: jobIdentity.extend({
      creationTimestamp: instant,
      deletionTimestamp: instant.nullish(),
      annotations: z.record(z.string(), z.string()).nullish(),
      ownerReferences: ownerReferences.nullish(),
      managedFields: z.array(z.object({ time: z.string().nullish() })).nullish(),
    }),
    status: z
      .object({
        startTime: instant.nullish(),
        completionTime: instant.nullish(),
        conditions: z.array(condition).nullish(),
      })
      .nullish(),
  })
  .meta({ title: 'A Job, as ApiServerSource sends it in resource mode' });

type JobData = z.infer<typeof jobData>;

const APISERVER_TYPES = new Set([APISERVER_ADDED, APISERVER_UPDATED, APISERVER_DELETED]);

/** Whether the event is an ApiServerSource's about some object. Throws `Rejected` where it holds none. */
export const isApiServerEvent = ({ type, data }: Event): boolean => {
  if (!APISERVER_TYPES.has(type)) return false;
  if (typeof data.kind !== 'string') throw new Rejected('data.kind', 'must be the kind of the object');
  return true;
};

export const isJob = (data: JsonObject): boolean => isBatchJob(data) && 'metadata' in data;

const trueCondition = ({ status }: JobData, type: string): z.infer<typeof condition> | undefined =>
  status?.conditions?.find((candidate) => candidate.type === type && candidate.status === 'True');

/** Complete and Failed are final; SuccessCriteriaMet and FailureTarget only announce them. */
const writtenFinish = (job: JobData): Finish | undefined => {
  const complete = trueCondition(job, 'Complete');
  const failed = trueCondition(job, 'Failed');
  const at = (failed ?? complete)?.lastTransitionTime ?? job.status?.completionTime;
  if (failed === undefined && complete === undefined) return undefined;
  if (!at) throw new Rejected('data.status.conditions', 'a final condition needs its lastTransitionTime');
  if (failed === undefined) return completeFinish(at);
  return failedFinish(at, { reason: failed.reason || undefined, message: failed.message ?? '' });
};

const latestInstant = ({ metadata, status }: JobData): Instant =>
  [
    metadata.creationTimestamp,
    status?.startTime,
    ...(status?.conditions ?? []).flatMap(({ lastTransitionTime, lastProbeTime }) => [
      lastTransitionTime,
      lastProbeTime,
    ]),
    ...(metadata.managedFields ?? []).map(({ time }) => parseInstant(time ?? '')),
  ]
    .filter((told) => told !== undefined && told !== null)
    .reduce((a, b) => (a > b ? a : b));

/** A Job deleted in the background arrives without `deletionTimestamp`: then the last that is known of it counts. */
const finishOf = (job: JobData, type: string): Finish | undefined => {
  const written = writtenFinish(job);
  if (written !== undefined || type !== APISERVER_DELETED) return written;
  return deletedFinish(job.metadata.deletionTimestamp ?? latestInstant(job));
};

/** Reads a whole Job. Throws `Rejected`. */
export const readJob = ({ type, data }: Pick<Event, 'type' | 'data'>, scope: Scope): JobEvent | Ignored => {
  const parsed = jobData.safeParse(data);
  if (!parsed.success) throw rejectedBySchema('data', parsed.error);
  const { metadata, status } = parsed.data;
  const scan = scanOwner(metadata.ownerReferences, metadata.namespace, scope, 'data.metadata.ownerReferences');
  if (isIgnored(scan)) return scan;
  const createdAt = believed('data.metadata.creationTimestamp', metadata.creationTimestamp, scope);
  const startedAt = status?.startTime ? believed('data.status.startTime', status.startTime, scope) : undefined;
  const finish = finishOf(parsed.data, type);
  if (finish !== undefined)
    believed(finish.inferred ? 'data.metadata.deletionTimestamp' : 'data.status.conditions', finish.at, scope);
  return {
    scan,
    run: { uid: metadata.uid, job: metadata.name, createdAt, ...scanGeneration(metadata.annotations, scope) },
    ...(startedAt !== undefined && { startedAt }),
    ...(finish !== undefined && { finish }),
  };
};
