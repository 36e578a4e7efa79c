/** One alert at one receiver after one of its scans was looked at again. */
import type { ScanRef } from '../conditions/facts.ts';
import { type AlertRecord, detailsOf, memberOf, stateOf } from './alert-record.ts';
import { isReason, type LookedAt, type Member, memberAfter } from './member.ts';

/** Which alert it is, wherever it stands. */
export type AlertIdentity = Pick<AlertRecord, 'cluster' | 'receiver' | 'key' | 'condition' | 'namespace'>;

/** What a condition is of a scan that is gone. */
export const GONE = 'gone';

const HOUR = 3_600_000;
/** Bytes of a record that members may take, and of those that give no reason any more: first of what was not heard of for longest. */
const MOST_FIRING = 190_000;
const MOST_SPENT = 40_000;
const MOST_TURNS = 100;

export const withinHour = (instants: readonly number[], now: number): readonly number[] =>
  instants.filter((at) => now - at < HOUR);

/** As many as fit. */
const fitting = (members: readonly (readonly [string, Member])[], most: number) => {
  let left = most;
  return members.filter((member) => {
    left -= Buffer.byteLength(JSON.stringify(member));
    return left >= 0;
  });
};

const kept = (members: Readonly<Record<string, Member>>): Readonly<Record<string, Member>> => {
  const all = Object.entries(members).toSorted(([, a], [, b]) => b.revision - a.revision);
  const firing = all.filter(([, member]) => member.firing);
  const others = all.filter(([, member]) => !member.firing);
  return Object.fromEntries([...fitting(firing, MOST_FIRING), ...fitting(others, MOST_SPENT)]);
};

const turned = (record: AlertRecord, was: boolean, now: number): AlertRecord => {
  const { firingSince: _, ...rest } = record;
  const is = stateOf(record).status === 'firing';
  if (was === is) return record;
  const turns = [...withinHour(record.turns, now), now].slice(-MOST_TURNS);
  return { ...rest, turns, ...(is && { firingSince: now }) };
};

/**
 * An alert after one of its scans is gone, because another has its name; the very `record` where it was no reason for it.
 *
 * @param gone what is known of that: the revision of the name's record, and the instant at which the other's run began
 */
export const leaveMember = (
  record: AlertRecord | undefined,
  scan: ScanRef,
  gone: { readonly revision: number; readonly at: string },
  now: number,
): AlertRecord | undefined => {
  const before = memberOf(record, scan);
  if (record === undefined || !before?.firing) return record;
  const member: Member = { ...before, revision: gone.revision, firing: false, spent: true, occasion: '' };
  const members = kept({ ...record.members, [scan.uid]: member });
  const { error: _, ...known } = record.details;
  const details = { ...known, scan, to: GONE, reason: 'ScanRecreated', at: gone.at, vulnerabilities: [], count: 0 };
  const goesOn = stateOf({ ...record, members }).status === 'firing';
  return turned({ ...record, members, ...(!goesOn && { details }) }, true, now);
};

/** `undefined` where there is no such alert; the very `record` where nothing is new. */
export const joinMember = (
  record: AlertRecord | undefined,
  identity: AlertIdentity,
  looked: LookedAt,
  now: number,
): AlertRecord | undefined => {
  const { scan, standing, rule } = looked;
  const before = memberOf(record, scan);
  const member = memberAfter(before, looked);
  if (member === undefined || (before !== undefined && JSON.stringify(member) === JSON.stringify(before)))
    return record;
  const isReasonNow = rule !== undefined && isReason(rule, standing, before);
  const next: AlertRecord = {
    sent: [],
    turns: [],
    failures: 0,
    rule: '',
    ...record,
    ...identity,
    ...(isReasonNow && { rule: rule.name }),
    members: kept({ ...record?.members, [scan.uid]: member }),
    details: detailsOf(scan, standing, rule?.onlyNew ?? false),
  };
  // While it goes on for another reason than this one, people are told of that one.
  const goesOn = !isReasonNow && stateOf(next).status === 'firing';
  const was = record !== undefined && stateOf(record).status === 'firing';
  return turned(goesOn && record ? { ...next, details: record.details } : next, was, now);
};
