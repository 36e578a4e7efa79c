/** A scan, as far as one alert goes: whether it gives reason for it, and on which occasion. */
import type { ScanRef } from '../conditions/facts.ts';
import type { Rule } from './rules.ts';
import type { Standing } from './scan-record.ts';

export interface LookedAt {
  readonly scan: ScanRef;
  /** Of the scan's record: greater with each of its changes. */
  readonly revision: number;
  readonly standing: Standing;
  /** What makes it an alert; absent, nothing does. */
  readonly rule?: Rule;
}

export interface Member {
  readonly scan: ScanRef;
  /** Of the scan's record when it was looked at last: who has read an older one knows less. */
  readonly revision: number;
  readonly firing: boolean;
  /** Whether it was reason for the alert before, and ceased to be. */
  readonly spent: boolean;
  /** What people are told of once: while it stays the same, nobody is told again. */
  readonly occasion: string;
  /** The instant of the fact that began it. */
  readonly since: string;
}

/** Told again for each run, or only when it is otherwise than it was: what another rule means is. */
const occasionOf = ({ name, once, onlyNew }: Rule, { run, told }: Standing): string => {
  const what = `${name} ${told.to}`;
  return once === 'per-run' || onlyNew ? `${what} ${run.uid}` : what;
};

/** Whether a standing that a rule matches begins or renews the alert; else it goes on as it was. */
export const isReason = ({ once, onlyNew }: Rule, { opens, fresh }: Standing, before: Member | undefined): boolean => {
  if (!opens) return false;
  if (onlyNew && fresh !== undefined && fresh.size === 0) return false;
  return !(once === 'per-scan' && before?.spent && !before.firing);
};

const firingOf = (
  rule: Rule | undefined,
  standing: Standing,
  before: Member | undefined,
): Pick<Member, 'firing' | 'occasion'> => {
  if (rule === undefined) return { firing: false, occasion: '' };
  if (isReason(rule, standing, before)) return { firing: true, occasion: occasionOf(rule, standing) };
  return { firing: before?.firing ?? false, occasion: before?.occasion ?? '' };
};

/**
 * The member after its scan was looked at; the very `before` where that tells nothing newer, `undefined` where it never
 * gave reason.
 */
export const memberAfter = (
  before: Member | undefined,
  { scan, revision, standing, rule }: LookedAt,
): Member | undefined => {
  if (before !== undefined && revision < before.revision) return before;
  const { firing, occasion } = firingOf(rule, standing, before);
  if (before === undefined && !firing) return undefined;
  const spent = before !== undefined && (before.spent || (before.firing && !firing));
  const begins = firing && !before?.firing;
  return { scan, revision, firing, spent, occasion, since: begins || !before ? standing.told.at : before.since };
};
