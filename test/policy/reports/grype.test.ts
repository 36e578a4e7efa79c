/** Grype's own JSON. */
import { describe, expect, it } from '@jest/globals';
import { fixture } from '../../support/reports-fixtures.ts';
import { problemOf } from '../../support/reports-problem.ts';

describe("Grype's JSON", () => {
  it('tells its own severity, the greatest score, and all versions that mend it', () => {
    expect(fixture('grype.json').report).toEqual({
      format: 'grype',
      findings: [
        {
          id: 'CVE-2019-5481',
          severity: 'LOW',
          ratings: [{ severity: 'Negligible' }],
          component: 'curl',
          version: '7.64.0-4',
          fixedIn: '7.64.0-4+deb10u1, 7.66.0',
        },
        {
          id: 'GHSA-jfh8-c2jp-5v3q',
          severity: 'CRITICAL',
          ratings: [{ severity: 'Critical', score: 10, method: 'CVSSv3.1', vector: 'CVSS:3.1/AV:N', source: 'y' }],
          component: 'log4j-core',
          version: '2.14.1',
          description: 'Remote code injection in Log4j',
        },
      ],
      cveCount: { CRITICAL: 1, HIGH: 0, MEDIUM: 0, LOW: 1, UNKNOWN: 0, CVETOTAL: 2 },
      scanner: { name: 'grype', vendor: 'Anchore', version: '0.74.0' },
      artifact: 'nginx:1.16',
    });
  });

  it.each([
    ['matches[0].vulnerability is missing', [{ artifact: {} }]],
    ['matches[0].artifact is missing', [{ vulnerability: {} }]],
    [
      'matches[0].vulnerability.fix.versions[0] must be a text',
      [{ vulnerability: { fix: { versions: [1] } }, artifact: {} }],
    ],
    [
      'matches[0].vulnerability.cvss[0].metrics.baseScore must be a number',
      [{ vulnerability: { cvss: [{ metrics: { baseScore: true } }] }, artifact: {} }],
    ],
    ['matches[1] must be an object', [{ vulnerability: {}, artifact: {} }, 'CVE-1']],
  ])('says that %s', (wrong, matches) => {
    expect(problemOf(JSON.stringify({ matches }))).toBe(`the report's ${wrong}`);
  });
});
