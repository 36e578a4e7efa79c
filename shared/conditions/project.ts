/**
 * The projection: what a status says, given the runs.
 *
 * A pure function of the runs and of what the scan's own spec says. Every instant in it comes from a fact.
 */
import type { FactType, Finish, Run, Verdict } from './facts.ts';
import type { Runs } from './runs.ts';
import {
  CONDITION_TYPES,
  type Condition,
  type ConditionStatus,
  type ConditionType,
  isJsonObject,
  type JsonObject,
  type Phase,
} from './status.ts';

/** What the live scan's own spec says; a store that knows no spec says nothing. */
export interface ScanSpec {
  /** Whether the scan names a policy, so that it is not completed before a verdict. */
  readonly namesPolicy: boolean;
  /** What is scanned, as the spec names it. */
  readonly artifact?: JsonObject;
  /** The generation of the spec that says so. */
  readonly generation?: number;
}

const OWNED_FIELDS = new Set([
  'conditions',
  'phase',
  'observedGeneration',
  'cveCount',
  'scannedBy',
  'scannedAt',
  'artifact',
  'compliantArtifact',
  'runs',
]);
const OWNED_CONDITION_FIELDS = new Set([
  'type',
  'status',
  'reason',
  'message',
  'error',
  'lastTransitionTime',
  'observedGeneration',
]);

const without = (object: JsonObject, names: ReadonlySet<string>): JsonObject => {
  const rest: Record<string, unknown> = {};
  for (const name of Object.keys(object)) if (!names.has(name)) rest[name] = object[name];
  return rest;
};

type Told = Omit<Condition, 'observedGeneration'>;

const scanning = (run: Run): Told | undefined => {
  if (run.finish !== undefined) {
    const closed = { status: 'False', reason: 'JobFinished', message: 'The scan job terminated', error: '' } as const;
    return { type: 'Scanning', ...closed, lastTransitionTime: run.finish.at };
  }
  if (run.startedAt === undefined) return undefined;
  const open = { status: 'True', reason: 'JobStarted', message: 'The scan job is running', error: '' } as const;
  return { type: 'Scanning', ...open, lastTransitionTime: run.startedAt };
};

const succeeded = ({ at, outcome, message, error }: Finish): Told =>
  outcome === 'complete'
    ? { type: 'Succeeded', status: 'True', reason: 'JobFinished', message, error, lastTransitionTime: at }
    : { type: 'Succeeded', status: 'False', reason: 'Error', message, error, lastTransitionTime: at };

const POLICY_STATUS: Readonly<
  Record<Verdict['verdict'], { readonly status: ConditionStatus; readonly reason: string }>
> = {
  passed: { status: 'True', reason: 'EvaluationPassed' },
  failed: { status: 'False', reason: 'EvaluationFailed' },
  error: { status: 'Unknown', reason: 'Error' },
};

const policySucceeded = ({ at, verdict, message, error = '' }: Verdict): Told => ({
  type: 'PolicySucceeded',
  ...POLICY_STATUS[verdict],
  message,
  error,
  lastTransitionTime: at,
});

/** Our conditions of one run, in order. */
export const conditionsOf = (run: Run): readonly Condition[] =>
  [scanning(run), run.finish && succeeded(run.finish), run.verdict && policySucceeded(run.verdict)]
    .filter((told) => told !== undefined)
    .map((told) => (run.generation === undefined ? told : { ...told, observedGeneration: run.generation }));

const POLICY_PHASE: Readonly<Record<Verdict['verdict'], Phase>> = {
  passed: 'Completed',
  failed: 'Failed',
  error: 'Error',
};

const phaseOf = ({ finish, verdict, startedAt }: Run, namesPolicy: boolean): Phase => {
  if (finish?.outcome === 'failed') return 'Error';
  if (verdict !== undefined) return POLICY_PHASE[verdict.verdict];
  if (finish !== undefined) return namesPolicy ? 'Scanning' : 'Completed';
  return startedAt === undefined ? 'Pending' : 'Scanning';
};

const isCompliant = ({ finish, verdict }: Run): boolean =>
  finish?.outcome === 'complete' && verdict?.verdict === 'passed';

const reportFieldsOf = ({ finish, verdict }: Run): JsonObject => ({
  ...(verdict?.cveCount && { cveCount: verdict.cveCount }),
  ...(verdict?.scanner && { scannedBy: { scanner: verdict.scanner } }),
  ...(finish?.outcome === 'complete' && { scannedAt: finish.at }),
});

/** A spec that was changed since the run began names what nobody has scanned yet. */
const scannedArtifact = (run: Run, { artifact, generation }: ScanSpec): JsonObject | undefined =>
  run.generation === undefined || generation === undefined || run.generation === generation ? artifact : undefined;

const newestFields = (run: Run, spec: ScanSpec): JsonObject => {
  const artifact = scannedArtifact(run, spec);
  return {
    phase: phaseOf(run, spec.namesPolicy),
    ...(run.generation !== undefined && { observedGeneration: run.generation }),
    ...reportFieldsOf(run),
    ...(artifact && { artifact }),
    ...(artifact && isCompliant(run) && { compliantArtifact: artifact }),
  };
};

const isOurs = (condition: JsonObject): boolean => CONDITION_TYPES.some((type) => type === condition.type);

/** Ours first, each with the fields that others added to it; then theirs, untouched and in their order. */
const mergeConditions = (current: unknown, ours: readonly Condition[]): readonly JsonObject[] => {
  const present = Array.isArray(current) ? current.filter(isJsonObject) : [];
  if (present.length === 0) return ours as readonly unknown[] as readonly JsonObject[];
  const extended = ours.map((condition) => {
    const live = present.find(({ type }) => type === condition.type);
    return live === undefined ? { ...condition } : { ...condition, ...without(live, OWNED_CONDITION_FIELDS) };
  });
  return [...extended, ...present.filter((condition) => !isOurs(condition))];
};

/**
 * The status that says what `runs` tell, and keeps of `current` whatever belongs to others.
 *
 * Where there are no runs, none of our fields is left but the empty lists.
 */
export const project = (current: JsonObject, runs: Runs, spec: ScanSpec): JsonObject => {
  const [newest] = runs;
  return {
    ...without(current, OWNED_FIELDS),
    conditions: mergeConditions(current.conditions, newest === undefined ? [] : conditionsOf(newest)),
    ...(newest !== undefined && newestFields(newest, spec)),
    runs,
  };
};

/** A condition and the status it was set to. */
export interface Change {
  readonly type: ConditionType;
  readonly to: ConditionStatus;
}

/** The conditions that a fact of this type decides for its run. A start decides nothing once the run has finished. */
export const changesOf = (type: FactType, { startedAt, finish, verdict }: Run): readonly Change[] => {
  if (type === 'started')
    return startedAt === undefined || finish !== undefined ? [] : [{ type: 'Scanning', to: 'True' }];
  if (type === 'evaluated')
    return verdict === undefined ? [] : [{ type: 'PolicySucceeded', to: POLICY_STATUS[verdict.verdict].status }];
  if (finish === undefined) return [];
  return [
    { type: 'Scanning', to: 'False' },
    { type: 'Succeeded', to: finish.outcome === 'complete' ? 'True' : 'False' },
  ];
};
