/** The part of a scan's status that is ours, and how the runs are read back from it. */
import * as z from 'zod';
import { type Finish, type Run, SEVERITIES, type Verdict } from './facts.ts';
import { type Instant, parseInstant } from './instant.ts';
import { joinRuns, type Runs } from './runs.ts';

export type JsonObject = { readonly [key: string]: unknown };

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Our condition types, in the order in which a status lists them. */
export const CONDITION_TYPES = ['Scanning', 'Succeeded', 'PolicySucceeded'] as const;
export type ConditionType = (typeof CONDITION_TYPES)[number];
export type ConditionStatus = 'True' | 'False' | 'Unknown';

/** A condition as the Kubernetes API conventions shape it, with the field `error` of these scans. */
export interface Condition {
  readonly type: ConditionType;
  readonly status: ConditionStatus;
  readonly reason: string;
  readonly message: string;
  /** Empty unless something went wrong. */
  readonly error: string;
  readonly lastTransitionTime: Instant;
  readonly observedGeneration?: number;
}

export type Phase = 'Pending' | 'Scanning' | 'Completed' | 'Failed' | 'Error';

const instant = z.custom<Instant>((value) => typeof value === 'string' && parseInstant(value) === value);
const count = z.int().min(0);

const finish: z.ZodType<Finish> = z.object({
  at: instant,
  outcome: z.enum(['complete', 'failed']),
  reason: z.string().exactOptional(),
  message: z.string(),
  error: z.string(),
  inferred: z.literal(true).exactOptional(),
});

/** What a report told. What is longer than a run has room for is cut when the fact is made. */
export const reportFields = {
  cveCount: z.object({
    ...(Object.fromEntries(SEVERITIES.map((severity) => [severity, count])) as Record<
      (typeof SEVERITIES)[number],
      typeof count
    >),
    CVETOTAL: count,
  }),
  scanner: z.object({
    name: z.string().exactOptional(),
    vendor: z.string().exactOptional(),
    version: z.string().exactOptional(),
  }),
  worst: z
    .array(
      z.object({
        id: z.string(),
        severity: z.string(),
        component: z.string().exactOptional(),
        fixedIn: z.string().exactOptional(),
      }),
    )
    .max(20, 'must not hold more than 20'),
};

const verdict: z.ZodType<Verdict> = z.object({
  at: instant,
  policy: z.object({ name: z.string(), digest: z.string(), generation: count.exactOptional() }),
  verdict: z.enum(['passed', 'failed', 'error']),
  message: z.string(),
  error: z.string().exactOptional(),
  cveCount: reportFields.cveCount.exactOptional(),
  scanner: reportFields.scanner.exactOptional(),
  worst: reportFields.worst.exactOptional(),
});

const run: z.ZodType<Run> = z.object({
  uid: z.string().min(1),
  job: z.string().exactOptional(),
  age: instant,
  createdAt: instant.exactOptional(),
  startedAt: instant.exactOptional(),
  generation: count.exactOptional(),
  finish: finish.exactOptional(),
  verdict: verdict.exactOptional(),
});

/** The runs that a status keeps, newest first. What somebody wrote there that is no run is left out. */
export const runsOf = ({ runs }: JsonObject): Runs => {
  if (!Array.isArray(runs)) return [];
  const read = runs.map((candidate) => run.safeParse(candidate).data).filter((found) => found !== undefined);
  return joinRuns([], read);
};
