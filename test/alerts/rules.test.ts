/** Rules: which changes they mean, and which of them speaks to whom. */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isLike } from '../../shared/alerts/glob.ts';
import { type Match, matches, type Occurrence, type Rule, ruleFor } from '../../shared/alerts/rules.ts';

const occurrence = (changes: Partial<Occurrence> = {}): Occurrence => ({
  scan: { kind: 'ImageScan', namespace: 'team-a', name: 'cart', uid: '7f8e' },
  labels: { tier: 'gold', team: 'a' },
  condition: 'PolicySucceeded',
  to: 'False',
  from: 'True',
  worst: [
    { id: 'CVE-2026-1', severity: 'HIGH' },
    { id: 'CVE-2026-2', severity: 'LOW' },
  ],
  count: 2,
  ...changes,
});

const POLICY_FAILED: Match = { condition: 'PolicySucceeded', to: ['False'] };

const rule = (name: string, when: Partial<Match> = {}, receivers: readonly string[] = ['team']): Rule => ({
  name,
  when: { ...POLICY_FAILED, ...when },
  severity: 'error',
  once: 'per-change',
  onlyNew: false,
  receivers,
  title: () => name,
  text: () => '',
});

describe('a rule', () => {
  it.each<[what: string, when: Partial<Match>, means: boolean]>([
    ['a condition and what it became', {}, true],
    ['another condition', { condition: 'Succeeded' }, false],
    ['another status', { to: ['True'] }, false],
    ['one of several statuses', { to: ['Unknown', 'False'] }, true],
    ['what it was before', { from: ['True'] }, true],
    ['what it was not', { from: ['Unknown', 'False'] }, false],
    ['its kind', { kinds: ['SourceScan', 'ImageScan'] }, true],
    ['another kind', { kinds: ['SourceScan'] }, false],
    ['its namespace', { namespaces: ['shop', 'team-a'] }, true],
    ['namespaces that begin alike', { namespaces: ['team-*'] }, true],
    ['namespaces that end otherwise', { namespaces: ['*-b', 'team'] }, false],
    ['one of its labels', { labels: { tier: 'gold' } }, true],
    ['a label of another value', { labels: { tier: 'gold', team: 'b' } }, false],
    ['a label that it does not have', { labels: { toString: 'x' } }, false],
    ['vulnerabilities as severe as the worst', { severity: 'HIGH' }, true],
    ['less severe ones', { severity: 'MEDIUM' }, true],
    ['more severe ones', { severity: 'CRITICAL' }, false],
    ['any severity', { severity: 'UNKNOWN' }, true],
    ['as many vulnerabilities', { count: 2 }, true],
    ['more of them', { count: 3 }, false],
  ])('means %s', (_, when, means) => {
    expect(matches(rule('one', when), occurrence())).toBe(means);
  });

  it('about what was before means no scan of which that is not known', () => {
    const { from: _, ...first } = occurrence();
    expect(matches(rule('one', { from: ['True', 'False', 'Unknown'] }), first)).toBe(false);
    expect(matches(rule('one'), first)).toBe(true);
  });

  it('about a severity means no scan of which no vulnerability is told, and takes foreign words for UNKNOWN', () => {
    const worst = (severity: string) => occurrence({ worst: [{ id: 'a', severity }] });
    expect(matches(rule('one', { severity: 'UNKNOWN' }), occurrence({ worst: [] }))).toBe(false);
    expect(matches(rule('one', { severity: 'UNKNOWN' }), worst('Negligible'))).toBe(true);
    expect(matches(rule('one', { severity: 'LOW' }), worst('Negligible'))).toBe(false);
    expect(matches(rule('one', { severity: 'HIGH' }), worst('critical'))).toBe(true);
  });
});

describe('a receiver', () => {
  const rules = [
    rule('gold', { labels: { tier: 'gold' } }, ['on-call']),
    rule('any', {}, ['team', 'on-call']),
    rule('never', {}, ['team']),
  ];

  it('is told by the first rule that means it and names it', () => {
    expect(ruleFor(rules, 'on-call', occurrence())?.name).toBe('gold');
    expect(ruleFor(rules, 'on-call', occurrence({ labels: {} }))?.name).toBe('any');
    expect(ruleFor(rules, 'team', occurrence())?.name).toBe('any');
  });

  it('is told by none that does not', () => {
    expect(ruleFor(rules, 'nobody', occurrence())).toBeUndefined();
    expect(ruleFor(rules, 'team', occurrence({ to: 'True' }))).toBeUndefined();
    expect(ruleFor([], 'team', occurrence())).toBeUndefined();
  });
});

describe('a pattern of names', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 8 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*'), maxLength: 8 });

  it('means what the same regular expression means', () => {
    fc.assert(
      fc.property(word, pattern, (name, text) => {
        expect(isLike(name, text)).toBe(new RegExp(`^${text.replaceAll('*', '.*')}$`).test(name));
      }),
      { numRuns: 1_000 },
    );
  });

  it('is decided at once, however it is made', () => {
    expect(isLike('a'.repeat(100_000), `${'*a'.repeat(1_000)}*b`)).toBe(false);
  });
});
