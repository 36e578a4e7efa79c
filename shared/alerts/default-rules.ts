/** The rules where nobody gave any: everything that somebody has to look after, and nothing else. */
import { defaultTexts } from './default-texts.ts';
import type { Match, Rule } from './rules.ts';

const RULES: readonly (Pick<Rule, 'name' | 'severity'> & { readonly when: Match })[] = [
  { name: 'policy-failed', when: { condition: 'PolicySucceeded', to: ['False'] }, severity: 'error' },
  { name: 'scan-failed', when: { condition: 'Succeeded', to: ['False'] }, severity: 'warning' },
  { name: 'policy-error', when: { condition: 'PolicySucceeded', to: ['Unknown'] }, severity: 'warning' },
];

/** They tell all of these receivers. */
export const defaultRules = (receivers: readonly string[]): readonly Rule[] =>
  RULES.map((rule) => ({ ...rule, ...defaultTexts(rule.when), once: 'per-change', onlyNew: false, receivers }));
