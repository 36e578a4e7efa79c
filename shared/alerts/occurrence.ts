/** What a rule is asked about: a condition of a scan, as it stands. */
import type { ConditionType } from '../conditions/status.ts';
import type { ScanChange } from '../events/status-change.ts';
import { matches, type Occurrence, type Rule } from './rules.ts';
import type { Standing } from './scan-record.ts';
import { shortHash } from './told-condition.ts';

/**
 * What is new of the vulnerabilities that failed. Of those that the list of the worst has no room for the severity is not
 * known: they are as severe as the last of it, at most, and nothing is to be missed.
 */
const freshOf = ({ told: { worst = [] }, fresh }: Standing): Pick<Occurrence, 'fresh'> => {
  if (fresh === undefined) return {};
  const shown = worst.filter(({ id }) => fresh.has(shortHash(id)));
  const unseen = fresh.size > shown.length ? worst.slice(-1) : [];
  return { fresh: { worst: [...shown, ...unseen], count: fresh.size } };
};

export const occurrenceOf = (
  { scan, labels }: ScanChange,
  condition: ConditionType,
  standing: Standing,
): Occurrence => {
  const { told, from } = standing;
  const { to, worst = [], count = 0 } = told;
  const fresh = freshOf(standing);
  return { scan, labels, condition, to, worst, count, ...fresh, ...(from !== undefined && { from }) };
};

/** Whether what has begun by a rule goes on by it: whatever was before, and whether anything is new or not. */
export const goesOnBy = (rule: Rule, { fresh: _, ...occurrence }: Occurrence): boolean => {
  const { from: __, ...when } = rule.when;
  return matches({ ...rule, when }, occurrence);
};
