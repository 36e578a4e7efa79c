/** SARIF, as Trivy and Grype write it, and as its specification says. */
import { describe, expect, it } from '@jest/globals';
import { fixture, readJson } from '../../support/reports-fixtures.ts';
import { problemOf } from '../../support/reports-problem.ts';

const sarif = (results: unknown, rules: unknown = [], run: object = {}): object => ({
  version: '2.1.0',
  runs: [{ tool: { driver: { name: 'x', rules } }, results, ...run }],
});

const found = (...results: object[]) => readJson(sarif(results)).report.findings;

describe('SARIF', () => {
  it("tells what Trivy's messages tell", () => {
    expect(fixture('trivy.sarif.json').report).toEqual({
      format: 'sarif',
      findings: [
        {
          id: 'CVE-2019-3462',
          severity: 'HIGH',
          ratings: [{ severity: 'HIGH', score: 8.1 }],
          component: 'libapt-pkg5.0',
          version: '1.8.2',
          fixedIn: '1.8.2.2',
          description: 'apt: Incorrect sanitation of the 302 redirect field',
        },
      ],
      cveCount: { CRITICAL: 0, HIGH: 1, MEDIUM: 0, LOW: 0, UNKNOWN: 0, CVETOTAL: 1 },
      scanner: { name: 'Trivy', version: '0.49.0' },
      artifact: 'nginx:1.16',
    });
  });

  it("tells what the help of Grype's rules tells, and the ID without the package", () => {
    expect(fixture('grype.sarif.json').report.findings).toEqual([
      {
        id: 'CVE-2019-5481',
        severity: 'LOW',
        ratings: [{ severity: 'low', score: 9.8 }],
        component: 'curl',
        version: '7.64.0-4',
        fixedIn: '7.64.0-4+deb10u1,7.66.0',
        description: 'CVE-2019-5481 low vulnerability for curl package',
      },
      {
        id: 'CVE-2019-5482-libcurl4',
        severity: 'MEDIUM',
        ratings: [{ severity: 'warning' }],
        description: 'A rule that is not listed',
      },
    ]);
  });

  it.each([
    ['passed', { kind: 'pass' }],
    ['does not apply', { kind: 'notApplicable' }],
    ['informs', { kind: 'informational' }],
    ['is gone', { baselineState: 'absent' }],
  ])('tells no result that %s', (_, rest) => {
    expect(found({ ruleId: 'a', ...rest })).toEqual([]);
  });

  it.each([
    ['fails', { kind: 'fail' }],
    ['needs review', { kind: 'review' }],
    ['is open', { kind: 'open' }],
    ['is suppressed', { suppressions: [{ kind: 'external', status: 'accepted' }] }],
    ['was there before', { baselineState: 'unchanged' }],
  ])('tells a result that %s', (_, rest) => {
    expect(found({ ruleId: 'a', ...rest })).toMatchObject([{ id: 'a', severity: 'MEDIUM' }]);
  });

  it('does not believe an ID of a message that is not in the ID of the rule', () => {
    expect(found({ ruleId: 'CVE-1', message: { text: 'Vulnerability CVE-2\nSeverity: LOW' } })).toMatchObject([
      { id: 'CVE-1', severity: 'LOW' },
    ]);
    expect(found({ message: { text: 'Vulnerability CVE-2\nSeverity: LOW' } })).toMatchObject([{ id: 'CVE-2' }]);
  });

  it('keeps a result that names no rule', () => {
    expect(found({})).toEqual([{ id: 'UNKNOWN', severity: 'MEDIUM', ratings: [{ severity: 'warning' }] }]);
  });

  it("takes a severity from the rule's tags", () => {
    const rules = [{ id: 'a', properties: { tags: ['security', 'LOW', 'CRITICAL'], 'security-severity': '1.0' } }];
    expect(readJson(sarif([{ ruleId: 'a' }], rules)).report.findings).toMatchObject([{ severity: 'CRITICAL' }]);
  });

  it('does not believe an index whose rule has another ID', () => {
    const rules = [
      { id: 'b', properties: { tags: ['LOW'] } },
      { id: 'a', properties: { tags: ['HIGH'] } },
    ];
    expect(readJson(sarif([{ ruleId: 'a', ruleIndex: 0 }], rules)).report.findings).toMatchObject([
      { severity: 'HIGH' },
    ]);
  });

  it.each([
    ['version must be 2.1.0', { version: '2.0.0', runs: [] }],
    ['runs[0].tool is missing', { version: '2.1.0', runs: [{ results: [] }] }],
    ['runs[0].tool.rules must be a list', sarif([], 'none')],
    ['runs[0].results[0].level must be a text', sarif([{ level: 1 }])],
    ['runs[0].results[0].security-severity must be a number', sarif([{ properties: { 'security-severity': 'high' } }])],
  ])('says that %s', (wrong, document) => {
    expect(problemOf(JSON.stringify(document))).toBe(`the report's ${wrong}`);
  });
});
