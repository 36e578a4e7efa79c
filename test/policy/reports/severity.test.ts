/** How bad it is: words of all scanners, scores, and the worst of several. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { worstSeverity } from '../../../shared/policy/reports/severity.ts';
import { knownRatings, worstOf } from '../../support/reports-parts.ts';

describe('the severity of a word', () => {
  it.each([
    ['CRITICAL', ['Critical', 'CRITICAL', 'critical', ' critical\n']],
    ['HIGH', ['High', 'HIGH', 'Important', 'error']],
    ['MEDIUM', ['Medium', 'Moderate', 'warning']],
    ['LOW', ['Low', 'Negligible', 'None', 'Info', 'informational', 'Unimportant', 'minor', 'note']],
    [
      'UNKNOWN',
      ['', 'Unknown', 'UNKNOWN', 'UnknownSeverity', 'unassigned', 'n/a', 'severe', '9.8', '__proto__', 'c'.repeat(1e6)],
    ],
  ])('is %s of %j', (severity, words) => {
    expect(words.map((word) => worstSeverity([{ severity: word }]))).toEqual(words.map(() => severity));
  });
});

describe('the severity of a score', () => {
  it.each([
    ['CRITICAL', [10, 9, 99]],
    ['HIGH', [8.9, 7]],
    ['MEDIUM', [6.9, 4]],
    ['LOW', [3.9, 0.1, 0]],
    ['UNKNOWN', [-1, Number.NaN]],
  ])('is %s of %j', (severity, scores) => {
    expect(scores.map((score) => worstSeverity([{ score }]))).toEqual(scores.map(() => severity));
  });

  it('speaks where the word is none', () => {
    expect(worstSeverity([{ severity: 'unassigned', score: 9.8 }])).toBe('CRITICAL');
  });

  it('is silent where a word was chosen', () => {
    expect(worstSeverity([{ severity: 'low', score: 9.8 }])).toBe('LOW');
  });

  it('is no assessment where it is 0 because nobody knows', () => {
    expect(worstSeverity([{ severity: 'UNKNOWN', score: 0 }])).toBe('UNKNOWN');
  });
});

describe('the severity of several ratings', () => {
  it('is the worst of them, and that nobody knows counts least', () => {
    const ratings = knownRatings([
      ['Critical', 'CRITICAL'],
      ['medium', 'MEDIUM'],
      ['none', 'LOW'],
    ]);
    fc.assert(
      fc.property(fc.array(ratings, { maxLength: 5 }), (some) => {
        expect(worstSeverity(some.map(({ rating }) => rating))).toBe(worstOf(some.map(({ severity }) => severity)));
      }),
    );
  });
});
