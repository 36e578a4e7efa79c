/** A condition of a scan as a fact told it, and which of two tellings stands. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../conditions/canonical.ts';
import { DELETED_MESSAGE, FAILED_VULNERABILITIES, type Vulnerability } from '../conditions/facts.ts';
import type { ConditionStatus, ConditionType } from '../conditions/status.ts';
import { cleanText, cutText, REASON_BYTES } from '../conditions/text.ts';
import type { DecidedCondition, ScanChange } from '../events/status-change.ts';
import { artifactText } from './artifact-text.ts';

/** A condition as a fact of the run decided it. */
export interface ToldCondition {
  readonly to: ConditionStatus;
  readonly at: string;
  readonly reason?: string;
  readonly error?: string;
  /** In one line. */
  readonly artifact?: string;
  readonly worst?: readonly Vulnerability[];
  /** Of all vulnerabilities that failed the policy, as far as they were told: short hashes, in order. */
  readonly ids?: readonly string[];
  /** How many there are. */
  readonly count?: number;
  /** Nobody wrote the end down: whoever knows better is believed. */
  readonly inferred?: true;
}

const ERROR_BYTES = 1_024;
const ARTIFACT_BYTES = 1_024;
const FIELD_BYTES = 200;
const MOST_WORST = 10;
const MOST_IDS = 2_000;
/** Hexadecimal digits: of 2 000 IDs against 2 000, one in a thousand scans takes a new one for known. */
const HASH_DIGITS = 8;

export const shortHash = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, HASH_DIGITS);

/** The IDs that a condition's message lists, and how many it says there are. */
const listed = (message: string): { readonly ids: readonly string[]; readonly count: number } => {
  if (!message.startsWith(`${FAILED_VULNERABILITIES} `)) return { ids: [], count: 0 };
  const [, list = '', more = '0'] =
    /^(.*?)(?: … and (\d{1,9}) more)?$/su.exec(message.slice(FAILED_VULNERABILITIES.length + 1)) ?? [];
  const ids = list.split(', ').filter((id) => id !== '');
  return { ids, count: ids.length + Number(more) };
};

/** What is not clean takes more room in JSON than it seems to. */
const bounded = (text: string, limit: number): string => cutText(cleanText(text), limit);

const shortened = (vulnerability: Vulnerability): Vulnerability =>
  Object.fromEntries(
    Object.entries(vulnerability).map(([name, value]) => [name, bounded(String(value), FIELD_BYTES)]),
  ) as unknown as Vulnerability;

const failuresOf = ({ worst }: ScanChange, message: string): Pick<ToldCondition, 'worst' | 'ids' | 'count'> => {
  const { ids, count } = listed(message);
  const all = [...new Set([...worst.map(({ id }) => id), ...ids])];
  return {
    ...(worst.length > 0 && { worst: worst.slice(0, MOST_WORST).map(shortened) }),
    ids: [...new Set(all.map(shortHash))].toSorted().slice(0, MOST_IDS),
    count: Math.max(count, all.length),
  };
};

export const toldOf = (change: ScanChange, { type, to, at, shown }: DecidedCondition): ToldCondition => {
  const { reason = '', message = '', error = '' } = shown ?? {};
  const artifact = artifactText(change.artifact);
  return {
    to,
    at,
    ...(reason !== '' && { reason: bounded(reason, REASON_BYTES) }),
    ...(error !== '' && { error: bounded(error, ERROR_BYTES) }),
    ...(artifact !== undefined && { artifact: bounded(artifact, ARTIFACT_BYTES) }),
    ...(type === 'PolicySucceeded' && to === 'False' && failuresOf(change, message)),
    ...(message === DELETED_MESSAGE && { inferred: true }),
  };
};

export const byGreater = (a: string | number, b: string | number): number => {
  if (a === b) return 0;
  return a > b ? 1 : -1;
};

/** What is worse; of a run that is running and has ended, that it has ended. */
const RANK: Readonly<Record<ConditionStatus, number>> = { True: 0, Unknown: 1, False: 2 };

/** Which of two tellings of one condition of one run stands, as the law has it: design of the runs' own join. */
const toldOrder = (type: ConditionType, a: ToldCondition, b: ToldCondition): number =>
  type === 'PolicySucceeded'
    ? byGreater(a.at, b.at) || byGreater(RANK[a.to], RANK[b.to])
    : byGreater(Number(!a.inferred), Number(!b.inferred)) || byGreater(RANK[a.to], RANK[b.to]) || byGreater(b.at, a.at);

/** Of the same fact told twice, all that either knew: a scan's conditions may have moved on between the two. */
const mergeTold = (a: ToldCondition, b: ToldCondition): ToldCondition => {
  const [greater, lesser] = canonicalJson(a) >= canonicalJson(b) ? [a, b] : [b, a];
  const ids = [...new Set([...(a.ids ?? []), ...(b.ids ?? [])])].toSorted().slice(0, MOST_IDS);
  return {
    ...lesser,
    ...greater,
    ...(a.ids && { ids }),
    ...(a.count !== undefined && { count: Math.max(a.count, b.count ?? 0) }),
  };
};

export const joinTold = (type: ConditionType, a: ToldCondition | undefined, b: ToldCondition): ToldCondition => {
  if (a === undefined) return b;
  const order = toldOrder(type, a, b);
  if (order === 0) return mergeTold(a, b);
  return order > 0 ? a : b;
};
