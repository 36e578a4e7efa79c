/** Findings, whatever format they come from. */
import { describe, expect, it } from '@jest/globals';
import { countFindings, findingIn, findingOf } from '../../../shared/policy/reports/findings.ts';

describe('findings', () => {
  it('are counted as the report lists them, repeated ones too', () => {
    const high = findingOf({ id: 'CVE-1', ratings: [{ severity: 'high' }] });
    expect(countFindings([high, high, findingOf({}), findingOf({ ratings: [{ score: 9 }] })])).toEqual({
      CRITICAL: 1,
      HIGH: 2,
      MEDIUM: 0,
      LOW: 0,
      UNKNOWN: 1,
      CVETOTAL: 4,
    });
  });

  it('are kept without an ID, and without a rating', () => {
    expect(findingOf({ id: undefined, ratings: undefined })).toEqual({
      id: 'UNKNOWN',
      severity: 'UNKNOWN',
      ratings: [],
    });
  });

  it('are another finding in each place', () => {
    const somewhere = findingOf({ id: 'CVE-1' });
    const inCurl = findingIn(somewhere, { component: 'curl', version: '7', fixedIn: undefined });
    expect(inCurl).toEqual({ ...somewhere, component: 'curl', version: '7' });
    expect(somewhere).not.toHaveProperty('component');
  });
});
