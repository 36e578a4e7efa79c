/** For how long what is remembered of an alert is kept, and when somebody has to look at it again. */
import { type AlertRecord, heardAt, stateOf } from './alert-record.ts';
import { type Next, nextMessage } from './next-message.ts';
import type { Rule } from './rules.ts';
import type { Telling } from './telling.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Milliseconds for which who tells a receiver is waited for: longer than its few requests may take. */
export const LEASE = 60_000;
const KEPT = { firing: 400 * DAY, resolved: 90 * DAY } as const;
/** For so long after anything was heard of it, what a receiver does not take, or who is not configured, is tried again. */
const TRIED_FOR = 7 * DAY;

/** Of what is not told, when somebody has to look at it again. */
const dueOf = (next: Next): { readonly dueAt?: number } => ('until' in next ? { dueAt: next.until } : {});

export const ruleNamed = ({ rules }: Pick<Telling, 'rules'>, name: string): Rule | undefined =>
  rules.find((rule) => rule.name === name);

const dueAfter = (record: AlertRecord, { rules, receivers }: Telling, now: number): { readonly dueAt?: number } => {
  const { renewEvery } = receivers.get(record.receiver) ?? {};
  const next = nextMessage(record, ruleNamed({ rules }, record.rule), now, renewEvery);
  if (next.what === 'nothing') return {};
  const isThere = receivers.has(record.receiver);
  if ((!isThere || 'why' in next) && now - heardAt(record) > TRIED_FOR) return {};
  // It may be configured again, or by another process already.
  if (!isThere) return { dueAt: now + HOUR };
  // Whoever wrote it may die before it is told.
  return next.what === 'tell' ? { dueAt: now + LEASE } : dueOf(next);
};

export const lifetimeOf = (telling: Telling) => (record: AlertRecord) => {
  const now = telling.now();
  return { keepUntil: now + KEPT[stateOf(record).status], ...dueAfter(record, telling, now) };
};
