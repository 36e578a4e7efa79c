/** Whether a receiver has to be told of an alert now, later or not at all: pure, but for the clock that it is given. */
import { type AlertRecord, heardAt, stateOf } from './alert-record.ts';
import { withinHour } from './join-member.ts';
import { quietUntil } from './quiet-hours.ts';
import type { Rule } from './rules.ts';

/**
 * What comes next: a message; nothing; or nothing before an instant (milliseconds since 1970), because it is held back
 * (`held`), because it is told and will be told again then (`told`), because somebody else is telling it just now
 * (`sending`), or because the receiver could not be told (`failed`) or will not take it (`refused`).
 */
export type Next =
  | { readonly what: 'tell' | 'nothing' }
  | { readonly what: 'held' | 'told' | 'sending'; readonly until: number }
  | { readonly what: 'failed' | 'refused'; readonly until: number; readonly why: string };

/** Messages of one alert to one receiver in an hour: what flaps is told slower, and never wrongly. */
const MOST_IN_HOUR = 6;
const HOUR = 3_600_000;
/** After the last run that is known: of a scan that is gone nobody says so. */
const RENEWED_FOR = 30 * 24 * HOUR;

/** Whether the receiver knows how the alert stands. */
export const isTold = (record: AlertRecord): boolean => {
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

/** Of what the receiver knows: whether it is told of it again, at whatever hour, since nobody there hears of that. */
const renewal = (record: AlertRecord, every: number | undefined, now: number): Next => {
  const { told, sending = 0, retry, refused } = record;
  if (told?.status !== 'firing' || every === undefined) return { what: 'nothing' };
  if (now - heardAt(record) > RENEWED_FOR) return { what: 'nothing' };
  const until = Math.max(told.at + every, sending, retry?.at ?? 0, refused?.until ?? 0);
  return until > now ? { what: 'told', until } : { what: 'tell' };
};

/**
 * @param rule the rule of the record; absent where it is no longer in the configuration: then only an end is told
 * @param renewEvery as the receiver has it
 */
export const nextMessage = (record: AlertRecord, rule: Rule | undefined, now: number, renewEvery?: number): Next => {
  const { sending = 0, retry, refused } = record;
  const { status, occasion } = stateOf(record);
  if (rule === undefined && status === 'firing') return { what: 'nothing' };
  if (isTold(record)) return renewal(record, renewEvery, now);
  if (sending > now) return { what: 'sending', until: sending };
  if (refused?.occasion === occasion && refused.until > now)
    return { what: 'refused', until: refused.until, why: refused.why };
  const until = rule === undefined ? 0 : heldUntil(record, rule, now);
  if (until > now) return { what: 'held', until };
  if (retry !== undefined && retry.at > now) return { what: 'failed', until: retry.at, why: retry.why };
  return { what: 'tell' };
};
