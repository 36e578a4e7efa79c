/** SPDX in JSON with vulnerabilities, as snyk2spdx writes it. */
import { describe, expect, it } from '@jest/globals';
import { fixture, readJson } from '../../support/reports-fixtures.ts';
import { problemOf } from '../../support/reports-problem.ts';

const report = (vulnerability: object): object => ({ SPDXID: 'SPDXRef-DOCUMENT', vulnerabilities: [vulnerability] });

describe('SPDX in JSON', () => {
  it('tells each package on the path from what was scanned, and not what was scanned', () => {
    const { findings, ...rest } = fixture('snyk.spdx.json').report;
    const rated = { ratings: [{ severity: 'critical' }], severity: 'CRITICAL', id: 'SNYK-JS-BABEL-1' };
    expect(findings).toEqual([
      {
        id: 'SNYK-DEBIAN10-APT-1049974',
        severity: 'MEDIUM',
        ratings: [{ severity: 'Medium', score: 5.7, method: 'CVSS_3', vector: 'CVSS:3.1/AV:L/AC:L' }],
        component: 'apt/libapt-pkg5.0',
        version: '1.8.2',
        description: 'Integer Overflow or Wraparound',
      },
      { ...rated, component: '@babel/core', version: '7.1.0' },
      { ...rated, component: '@babel/types' },
    ]);
    expect(rest).toEqual({
      format: 'spdx-json',
      cveCount: { CRITICAL: 2, HIGH: 0, MEDIUM: 1, LOW: 0, UNKNOWN: 0, CVETOTAL: 3 },
      scanner: { vendor: 'Snyk Ltd' },
      artifact: 'docker-image|nginx',
    });
  });

  it('tells what was scanned where nothing else is affected', () => {
    const document = {
      name: 'app',
      specVersion: 'SPDX-3.0',
      creator: 'Tool: scan-1.0',
      vulnerabilities: [{ id: 'CVE-1', relationships: [{ affect: { to: ['app@1', ''] } }] }],
    };
    const { findings, scanner } = readJson(document).report;
    expect(findings).toEqual([{ id: 'CVE-1', severity: 'UNKNOWN', ratings: [], component: 'app', version: '1' }]);
    expect(scanner).toEqual({ name: 'scan-1.0' });
  });

  it.each([
    ['without relationships', { id: 'CVE-1' }],
    ['with none', { id: 'CVE-1', relationships: [] }],
    ['whose relationships name nothing', { id: 'CVE-1', relationships: [{ foundBy: { to: ['me'] } }] }],
  ])('keeps a vulnerability %s', (_, vulnerability) => {
    expect(readJson(report(vulnerability)).report.findings).toEqual([
      { id: 'CVE-1', severity: 'UNKNOWN', ratings: [] },
    ]);
  });

  it.each([
    ['vulnerabilities[0].relationships[0].affect.to must be a list', { relationships: [{ affect: { to: 'curl' } }] }],
    ['vulnerabilities[0].relationships[0].affect must be an object', { relationships: [{ affect: ['curl'] }] }],
    [
      'vulnerabilities[0].relationships[0].ratedBy.rating[0].severity must be a text',
      { relationships: [{ ratedBy: { rating: [{ severity: 1 }] } }] },
    ],
    [
      'vulnerabilities[0].relationships[0].ratedBy.rating[0].score[0].base must be a number',
      { relationships: [{ ratedBy: { rating: [{ score: [{ base: 'x' }] }] } }] },
    ],
  ])('says that %s', (wrong, vulnerability) => {
    expect(problemOf(JSON.stringify(report(vulnerability)))).toBe(`the report's ${wrong}`);
  });
});
