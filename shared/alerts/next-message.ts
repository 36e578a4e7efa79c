/** Whether a receiver has to be told of an alert now, later or not at all: pure, but for the clock that it is given. */
import { type AlertRecord, stateOf } from './alert-record.ts';
import { withinHour } from './join-member.ts';
import { quietUntil } from './quiet-hours.ts';
import type { Rule } from './rules.ts';

/**
 * What comes next: a message; nothing; or nothing before an instant (milliseconds since 1970), because it is held back
 * (`held`), because somebody else is telling it just now (`sending`), or because the receiver could not be told
 * (`failed`) or will not take it (`refused`).
 */
export type Next =
  | { readonly what: 'tell' | 'nothing' }
  | { readonly what: 'held' | 'sending'; readonly until: number }
  | { readonly what: 'failed' | 'refused'; readonly until: number; readonly why: string };

/** Messages of one alert to one receiver in an hour: what flaps is told slower, and never wrongly. */
const MOST_IN_HOUR = 6;
const HOUR = 3_600_000;

const isTold = (record: AlertRecord): boolean => {
  const { told } = record;
  const { status, occasion } = stateOf(record);
  if (told === undefined) return status === 'resolved';
  return told.status === status && (status === 'resolved' || told.occasion === occasion);
};

/** Until when a group gathers: more scans may follow the first, and a group that is told of is not told of each. */
const gatheredAt = ({ firingSince = 0, told, sent }: AlertRecord, { group }: Rule): number => {
  if (group === undefined) return 0;
  return told?.status === 'firing' ? (sent.at(-1) ?? 0) + group.every : firingSince + group.wait;
};

const roomAt = ({ sent }: AlertRecord, now: number): number => {
  const recent = withinHour(sent, now);
  return recent.length < MOST_IN_HOUR ? 0 : (recent.at(-MOST_IN_HOUR) ?? 0) + HOUR;
};

const heldUntil = (record: AlertRecord, rule: Rule, now: number): number => {
  const isEnd = stateOf(record).status === 'resolved';
  const quiet = rule.quiet === undefined ? undefined : quietUntil(rule.quiet, rule.severity, now);
  return Math.max(isEnd ? 0 : gatheredAt(record, rule), roomAt(record, now), quiet ?? 0);
};

/** @param rule the rule of the record; absent where it is no longer in the configuration: then only an end is told */
export const nextMessage = (record: AlertRecord, rule: Rule | undefined, now: number): Next => {
  const { sending = 0, retry, refused } = record;
  const { status, occasion } = stateOf(record);
  if (isTold(record) || (rule === undefined && status === 'firing')) return { what: 'nothing' };
  if (sending > now) return { what: 'sending', until: sending };
  if (refused?.occasion === occasion && refused.until > now)
    return { what: 'refused', until: refused.until, why: refused.why };
  const until = rule === undefined ? 0 : heldUntil(record, rule, now);
  if (until > now) return { what: 'held', until };
  if (retry !== undefined && retry.at > now) return { what: 'failed', until: retry.at, why: retry.why };
  return { what: 'tell' };
};
