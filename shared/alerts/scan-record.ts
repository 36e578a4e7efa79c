/**
 * What is remembered of a scan, so that its events are judged by when things happened and not by when they came.
 *
 * Like the scan's own runs it is a join: any order and repetition of the same events ends in the same record.
 */
import type { ConditionStatus, ConditionType } from '../conditions/status.ts';
import type { ScanChange } from '../events/status-change.ts';
import { byGreater, joinTold, type ToldCondition, toldOf } from './told-condition.ts';

interface ToldRun {
  readonly uid: string;
  readonly age: string;
  readonly conditions: { readonly [type in ConditionType]?: ToldCondition };
  /** Rules by which it may have come into a group: they may be gone when it is to leave it. */
  readonly groups?: readonly string[];
}

/** The newest runs, newest first. */
export type ScanRecord = readonly ToldRun[];

const KEPT_RUNS = 5;
const MOST_GROUPS = 20;

/** A change, and the rules by which the scan may come into a group by it. */
export type Joining = ScanChange & { readonly joins?: readonly string[] };

const joinRun = (known: ToldRun | undefined, change: Joining): ToldRun => {
  const { uid, age } = change.run;
  const groups = [...new Set([...(known?.groups ?? []), ...(change.joins ?? [])])].toSorted().slice(0, MOST_GROUPS);
  const conditions = { ...known?.conditions };
  for (const decided of change.decided)
    conditions[decided.type] = joinTold(decided.type, conditions[decided.type], toldOf(change, decided));
  const earliest = known !== undefined && known.age < age ? known.age : age;
  return { uid, age: earliest, conditions, ...(groups.length > 0 && { groups }) };
};

const newerFirst = (a: ToldRun, b: ToldRun): number => byGreater(b.age, a.age) || byGreater(b.uid, a.uid);

/** The record after one more event. */
export const joinChange = (record: ScanRecord, change: Joining): ScanRecord => {
  const known = record.find(({ uid }) => uid === change.run.uid);
  const others = record.filter((run) => run !== known);
  return [...others, joinRun(known, change)].toSorted(newerFirst).slice(0, KEPT_RUNS);
};

/** Where a condition of a scan stands: what the newest run that decided it made of it. */
export interface Standing {
  readonly run: Pick<ToldRun, 'uid' | 'age'>;
  readonly told: ToldCondition;
  readonly from?: ConditionStatus;
  /** Whether no newer run is known: what a run that is overtaken tells opens no alert. */
  readonly opens: boolean;
  /** Hashes of the vulnerabilities that the run before did not have; absent, it is not known what it had. */
  readonly fresh?: ReadonlySet<string>;
}

export const standingOf = (record: ScanRecord, type: ConditionType): Standing | undefined => {
  const [current, ...before] = record.filter(({ conditions }) => conditions[type] !== undefined);
  const told = current?.conditions[type];
  if (current === undefined || told === undefined) return undefined;
  const from = before[0]?.conditions[type]?.to;
  // Of a run that could not be judged nothing is known.
  const judged = before.map(({ conditions }) => conditions[type]).find((one) => one?.to !== 'Unknown');
  const known = new Set(judged?.ids);
  return {
    run: { uid: current.uid, age: current.age },
    told,
    ...(from !== undefined && { from }),
    opens: record[0] === current,
    ...(judged && { fresh: new Set(told.ids?.filter((id) => !known.has(id))) }),
  };
};
