/**
 * A Kubernetes Event about a Job, as kubernetes-event-exporter sends it: enhanced with the Job's own owner references.
 *
 * @see https://github.com/resmoio/kubernetes-event-exporter (pkg/kube/event.go: EnhancedEvent, EnhancedObjectReference)
 */
import * as z from 'zod';
import { completeFinish, type FactType, failedFinish } from '../conditions/facts.ts';
import { type Instant, parseInstant } from '../conditions/instant.ts';
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import type { Event } from './event.ts';
import type { JobEvent } from './job-facts.ts';
import { isBatchJob, jobIdentity, ownerReferences, scanGeneration, scanOwner } from './owner.ts';
import { Rejected, rejectedBySchema } from './rejected.ts';
import { believed, type Ignored, isIgnored, type Scope } from './scope.ts';
import { PROMISED_FACT } from './types.ts';

const text = z.string().nullish();

export const exporterData = z
  .object({
    metadata: z.object({ creationTimestamp: text }),
    reason: z.string(),
    message: text,
    firstTimestamp: text,
    eventTime: text,
    involvedObject: z.object({
      kind: z.string(),
      apiVersion: text,
      annotations: z.record(z.string(), z.string()).nullish(),
      ownerReferences: ownerReferences.nullish(),
      ...jobIdentity.partial().shape,
    }),
  })
  .meta({ title: 'A Kubernetes Event of a Job, as kubernetes-event-exporter sends it' });

type ExporterData = z.infer<typeof exporterData>;

/** What the Job controller's reasons tell (kubernetes/pkg/controller/job: job_controller.go). */
const TOLD_BY_REASON: ReadonlyMap<string, FactType> = new Map([
  ['SuccessfulCreate', 'started'],
  ['Completed', 'finished'],
  ['BackoffLimitExceeded', 'finished'],
  ['DeadlineExceeded', 'finished'],
  ['PodFailurePolicy', 'finished'],
  ['FailedIndexes', 'finished'],
  ['MaxFailedIndexesExceeded', 'finished'],
]);

export const isExporterData = (data: JsonObject): boolean => 'involvedObject' in data;

/** The fact that a reason of the Job controller tells, for events that carry no type of their own. */
export const factOfReason = (reason: unknown): FactType | undefined =>
  typeof reason === 'string' ? TOLD_BY_REASON.get(reason) : undefined;

/** Go writes an instant that was never set as the first of all. */
const GO_ZERO = '0001-01-01T00:00:00Z';

/** The instant of the event: its first sight, not its last, so that an event counted up stays the same fact. */
const instantOf = ({ firstTimestamp, eventTime, metadata }: ExporterData, scope: Scope): Instant => {
  const candidates = [
    ['data.firstTimestamp', firstTimestamp],
    ['data.eventTime', eventTime],
    ['data.metadata.creationTimestamp', metadata.creationTimestamp],
  ] as const;
  const told = candidates.find(([, value]) => value && value !== GO_ZERO);
  if (told === undefined)
    throw new Rejected('data.firstTimestamp', 'is required, or eventTime, or metadata.creationTimestamp');
  const [field, value] = told;
  const instant = parseInstant(value ?? '');
  if (instant === undefined) throw new Rejected(field, 'must be an RFC 3339 date-time');
  return believed(field, instant, scope);
};

const jobOf = (involved: ExporterData['involvedObject'], scope: Scope): Pick<JobEvent, 'scan' | 'run'> | Ignored => {
  const { namespace = '', ownerReferences: owners, annotations } = involved;
  const scan = scanOwner(owners, namespace, scope, 'data.involvedObject.ownerReferences');
  if (isIgnored(scan)) return scan;
  const { uid, name } = involved;
  if (uid === undefined) throw new Rejected('data.involvedObject.uid', 'is required');
  if (name === undefined) throw new Rejected('data.involvedObject.name', 'is required');
  return { scan, run: { uid, job: name, ...scanGeneration(annotations, scope) } };
};

/** What is not about a Job is none of ours, whatever names and fields it has. */
const isAboutAnother = ({ involvedObject }: JsonObject): boolean =>
  isJsonObject(involvedObject) && typeof involvedObject.kind === 'string' && !isBatchJob(involvedObject);

/** Reads the exporter's shape. Throws `Rejected`, also where the type contradicts the reason. */
export const readExporterData = ({ type, data }: Event, scope: Scope): JobEvent | Ignored => {
  if (isAboutAnother(data)) return { ignored: 'the event is not about a Job' };
  const parsed = exporterData.safeParse(data);
  if (!parsed.success) throw rejectedBySchema('data', parsed.error);
  const { reason, message, involvedObject } = parsed.data;
  const told = TOLD_BY_REASON.get(reason);
  if (told === undefined) return { ignored: 'the reason tells neither a start nor a finish' };
  if (PROMISED_FACT.has(type) && PROMISED_FACT.get(type) !== told) {
    throw new Rejected('data.reason', `${reason} contradicts the type ${type}`);
  }
  const job = jobOf(involvedObject, scope);
  if (isIgnored(job)) return job;
  const at = instantOf(parsed.data, scope);
  if (told === 'started') return { ...job, startedAt: at };
  return {
    ...job,
    finish: reason === 'Completed' ? completeFinish(at) : failedFinish(at, { reason, message: message ?? '' }),
  };
};
