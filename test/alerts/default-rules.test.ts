/** What is told where nobody gave rules or words: which changes, and what a person reads of them. */
import { describe, expect, it } from '@jest/globals';
import { defaultRules } from '../../shared/alerts/default-rules.ts';
import { defaultTexts } from '../../shared/alerts/default-texts.ts';
import { type Match, type Occurrence, ruleFor } from '../../shared/alerts/rules.ts';
import type { TemplateView } from '../../shared/alerts/template.ts';
import { aView } from '../support/alert-views.ts';

const RULES = defaultRules(['on-call', 'team']);

const occurrence = (condition: Occurrence['condition'], to: Occurrence['to']): Occurrence => ({
  scan: { kind: 'SourceScan', namespace: 'shop', name: 'cart', uid: '7f8e' },
  labels: {},
  condition,
  to,
  worst: [],
  count: 0,
});

const GROUP = { namespace: 'shop', scans: 3, names: ['cart', 'till', 'web'] };

const said = (condition: Match['condition'], to: Match['to'], view: Partial<TemplateView> = {}): readonly string[] => {
  const { title, text } = defaultTexts({ condition, to });
  const all = aView({ condition, to: to[0] ?? '', ...view });
  return [title(all), text(all)];
};

describe('without rules', () => {
  it.each<[Occurrence['condition'], Occurrence['to'], string | undefined, string | undefined]>([
    ['PolicySucceeded', 'False', 'policy-failed', 'error'],
    ['PolicySucceeded', 'Unknown', 'policy-error', 'warning'],
    ['PolicySucceeded', 'True', undefined, undefined],
    ['Succeeded', 'False', 'scan-failed', 'warning'],
    ['Succeeded', 'True', undefined, undefined],
    ['Scanning', 'True', undefined, undefined],
    ['Scanning', 'False', undefined, undefined],
  ])('all receivers are told of %s that is %s: %s', (condition, to, name, severity) => {
    for (const receiver of ['on-call', 'team']) {
      const rule = ruleFor(RULES, receiver, occurrence(condition, to));
      expect([rule?.name, rule?.severity]).toEqual([name, severity]);
    }
  });

  it('they are told when it changes, of a known backlog too, at any hour', () => {
    for (const rule of RULES) expect(rule).toMatchObject({ once: 'per-change', onlyNew: false });
    expect(RULES.every(({ quiet, group }) => quiet === undefined && group === undefined)).toBe(true);
  });
});

describe('without words', () => {
  it('a policy that failed is told, and that it no longer does', () => {
    expect(said('PolicySucceeded', ['False'])).toEqual([
      'Policy failed',
      'The scan found vulnerabilities that its policy forbids: 2.',
    ]);
    expect(said('PolicySucceeded', ['False'], { resolved: true, to: 'True' })).toEqual([
      'Policy failure is over',
      'The newest run of the scan no longer fails its policy.',
    ]);
  });

  it('a scan that failed is told with its error', () => {
    const error = 'BackoffLimitExceeded: Job has reached the specified backoff limit';
    expect(said('Succeeded', ['False'], { error })).toEqual([
      'Scan failed',
      `${error}\nWhat it should have scanned may hold vulnerabilities that nobody knows of.`,
    ]);
    expect(said('Succeeded', ['False'], { resolved: true })).toEqual([
      'Scan failure is over',
      'The newest run of the scan finished.',
    ]);
  });

  it('a policy that could not be evaluated is told with its error', () => {
    expect(said('PolicySucceeded', ['Unknown'], { error: 'eval_conflict_error' })).toEqual([
      'Policy could not be evaluated',
      'eval_conflict_error\nWhether the policy is kept is not known.',
    ]);
    expect(said('PolicySucceeded', ['Unknown'], { resolved: true })).toEqual([
      'Policy is evaluated again',
      'The policy gave a verdict on the newest run of the scan.',
    ]);
  });

  it('the scans of a namespace are told together', () => {
    const text = (condition: Match['condition'], to: Match['to'], resolved: boolean) =>
      said(condition, to, { group: GROUP, resolved })[1];
    expect(text('PolicySucceeded', ['False'], false)).toBe(
      'Scans of shop that found vulnerabilities that their policies forbid: 3.',
    );
    expect(text('PolicySucceeded', ['False'], true)).toBe('No scan of shop fails its policy any more.');
    expect(text('Succeeded', ['False'], true)).toBe('No scan of shop fails any more.');
    expect(text('Succeeded', ['False'], false)).toBe(
      'Scans of shop that failed: 3.\nWhat they should have scanned may hold vulnerabilities that nobody knows of.',
    );
    expect(text('PolicySucceeded', ['Unknown'], false)).toBe(
      'Scans of shop whose policies could not be evaluated: 3.\nWhether they are kept is not known.',
    );
    expect(text('PolicySucceeded', ['Unknown'], true)).toBe('All policies of scans of shop are evaluated again.');
  });

  it('what changes all the time is told to do so', () => {
    expect(said('PolicySucceeded', ['False'], { changes: 14 })[1]).toBe(
      'The scan found vulnerabilities that its policy forbids: 2.\nIt changed 14 times within an hour.',
    );
  });

  it('any other change is told by its condition', () => {
    expect(said('Succeeded', ['True'])).toEqual(['Succeeded is True', '']);
    expect(said('PolicySucceeded', ['False', 'Unknown'], { error: 'e' })).toEqual(['PolicySucceeded is False', 'e']);
    expect(said('PolicySucceeded', ['False', 'Unknown'], { resolved: true, to: 'True' })[0]).toBe(
      'PolicySucceeded is True now',
    );
  });
});
