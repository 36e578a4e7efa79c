/** Trivy's own JSON. */
import { describe, expect, it } from '@jest/globals';
import { fixture, readJson } from '../../support/reports-fixtures.ts';
import { problemOf } from '../../support/reports-problem.ts';

describe("Trivy's JSON", () => {
  it('tells the severity that Trivy chose, with the score of the source that it chose', () => {
    expect(fixture('trivy.json').report).toEqual({
      format: 'trivy',
      findings: [
        {
          id: 'CVE-2019-3462',
          severity: 'HIGH',
          ratings: [{ severity: 'HIGH', score: 8.1, method: 'CVSSv3', vector: 'CVSS:3.0/AV:N', source: 'nvd' }],
          component: 'apt',
          version: '1.8.2',
          fixedIn: '1.8.2.2, 1.9',
          description: 'apt: Incorrect sanitation of the 302 redirect field',
        },
        {
          id: 'CVE-2011-3374',
          severity: 'UNKNOWN',
          ratings: [{ severity: 'UNKNOWN' }],
          component: 'apt',
          version: '1.8.2',
        },
      ],
      cveCount: { CRITICAL: 0, HIGH: 1, MEDIUM: 0, LOW: 0, UNKNOWN: 1, CVETOTAL: 2 },
      scanner: { name: 'Trivy', vendor: 'Aqua Security' },
      artifact: 'nginx:1.16',
    });
  });

  it.each([
    ['no results', { SchemaVersion: 2 }],
    ['null for results', { SchemaVersion: 2, Results: null }],
    [
      'null for the vulnerabilities of a result',
      { SchemaVersion: 2, Results: [{ Target: 'x', Vulnerabilities: null }] },
    ],
    ['results, and no version', { Results: [] }],
  ])('is clean with %s', (_, document) => {
    expect(readJson(document).report.cveCount.CVETOTAL).toBe(0);
  });

  it.each([
    ['SchemaVersion must be 2', { SchemaVersion: 3, Results: [] }],
    ['SchemaVersion must be 2', { Results: null }],
    [
      'Results[0].Vulnerabilities[0].CVSS.nvd must be',
      { SchemaVersion: 2, Results: [{ Vulnerabilities: [{ SeveritySource: 'nvd', CVSS: { nvd: 9 } }] }] },
    ],
    [
      'Results[0].Vulnerabilities[0].Severity must be',
      { SchemaVersion: 2, Results: [{ Vulnerabilities: [{ Severity: 4 }] }] },
    ],
  ])('says that %s', (wrong, document) => {
    expect(problemOf(JSON.stringify(document))).toContain(`the report's ${wrong}`);
  });
});
