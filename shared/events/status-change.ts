/** A status-changed event as it comes back to us: what a fact made of a scan's conditions, for those who tell people. */
import * as z from 'zod';
import type { ScanRef, Vulnerability } from '../conditions/facts.ts';
import type { Instant } from '../conditions/instant.ts';
import {
  CONDITION_TYPES,
  type ConditionStatus,
  type ConditionType,
  isJsonObject,
  type JsonObject,
  reportFields,
} from '../conditions/status.ts';
import type { Event } from './event.ts';
import { instant, scanRef, uid } from './fields.ts';
import { Rejected, rejectedBySchema } from './rejected.ts';
import { believed, type Ignored, outOfScope, type Scope } from './scope.ts';

/** A condition that the event's fact decides. */
export interface DecidedCondition {
  readonly type: ConditionType;
  readonly to: ConditionStatus;
  /** The fact's instant. */
  readonly at: Instant;
  /** The condition itself, where the scan still had it when the event was sent. */
  readonly shown?: { readonly reason: string; readonly message: string; readonly error: string };
}

export interface ScanChange {
  readonly cluster: string;
  readonly scan: ScanRef;
  readonly labels: Readonly<Record<string, string>>;
  readonly run: { readonly uid: string; readonly age: Instant };
  readonly decided: readonly DecidedCondition[];
  /** What is scanned, as the scan's spec names it. */
  readonly artifact?: JsonObject;
  readonly worst: readonly Vulnerability[];
}

const status = z.enum(['True', 'False', 'Unknown']);
const dateTime = z.string().meta({ format: 'date-time' });

/** Its data, as `status-changed.ts` makes it; who sends it needs no schema. */
export const statusChangedData = z
  .object({
    scan: scanRef.extend({ labels: z.record(z.string(), z.string()).exactOptional() }),
    run: z.object({ uid, age: dateTime }),
    fact: z.object({ type: z.enum(['started', 'finished', 'evaluated']), at: dateTime }),
    changes: z
      .array(z.object({ type: z.enum(CONDITION_TYPES), to: status }))
      .max(CONDITION_TYPES.length, 'must not hold more than one of each type'),
    phase: z.enum(['Pending', 'Scanning', 'Completed', 'Failed', 'Error']),
    conditions: z.array(z.looseObject({ type: z.string(), status })),
    artifact: z.looseObject({}).exactOptional(),
    cveCount: reportFields.cveCount.exactOptional(),
    worst: reportFields.worst.exactOptional(),
  })
  .meta({ title: 'A status-changed event' });

const received = statusChangedData.extend({
  run: statusChangedData.shape.run.extend({ age: instant }),
  fact: statusChangedData.shape.fact.extend({ at: instant }),
});

const SOURCE = /^\/scanstatus\/([\w.-]{1,253})$/;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The conditions of an event are as they were when it was sent: one of another instant tells of another fact. */
const shownOf = (
  conditions: readonly JsonObject[],
  { type, to }: Pick<DecidedCondition, 'type' | 'to'>,
  at: Instant,
): Pick<DecidedCondition, 'shown'> => {
  const found = conditions.find((condition) => condition.type === type);
  if (!isJsonObject(found) || found.status !== to || found.lastTransitionTime !== at) return {};
  return { shown: { reason: textOf(found.reason), message: textOf(found.message), error: textOf(found.error) } };
};

/** Reads a status-changed event. Throws `Rejected`. */
export const readStatusChange = (event: Event, scope: Scope): ScanChange | Ignored => {
  const parsed = received.safeParse(event.data);
  if (!parsed.success) throw rejectedBySchema('data', parsed.error);
  const [, cluster] = SOURCE.exec(event.source) ?? [];
  if (cluster === undefined) throw new Rejected('source', 'must be /scanstatus/ and the name of a cluster');
  const { scan: named, run, fact, changes, conditions, artifact, worst = [] } = parsed.data;
  const { labels = {}, ...scan } = named;
  const ignored = outOfScope(scan, scope);
  if (ignored !== undefined) return ignored;
  const at = believed('data.fact.at', fact.at, scope);
  return {
    cluster,
    scan,
    labels,
    run: { uid: run.uid, age: believed('data.run.age', run.age, scope) },
    decided: changes.map((change) => ({ ...change, at, ...shownOf(conditions, change, at) })),
    ...(artifact && { artifact }),
    worst,
  };
};
