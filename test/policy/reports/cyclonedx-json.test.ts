/** CycloneDX in JSON, as Trivy and others write it. */
import { describe, expect, it } from '@jest/globals';
import { fixture, readJson } from '../../support/reports-fixtures.ts';
import { problemOf } from '../../support/reports-problem.ts';

const bom = (rest: object, specVersion = '1.5'): object => ({ bomFormat: 'CycloneDX', specVersion, ...rest });
const vulnerability = (rest: object): object => bom({ vulnerabilities: [{ id: 'CVE-1', ...rest }] });

describe('CycloneDX in JSON', () => {
  it('tells each component that a vulnerability affects, the worst rating, and the fix', () => {
    const { report } = fixture('cyclonedx-1.5.json');
    const both = [
      { severity: 'low', source: 'debian' },
      {
        severity: 'critical',
        score: 9.8,
        method: 'CVSSv31',
        vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H',
        source: 'nvd',
      },
    ];
    const first = { id: 'CVE-2019-5481', severity: 'CRITICAL', ratings: both, description: expect.any(String) };
    expect(report).toEqual({
      format: 'cyclonedx-json',
      findings: [
        { ...first, component: 'curl', version: '7.64.0-4', fixedIn: '7.64.0-4+deb10u1' },
        { ...first, component: 'libcurl4', version: '7.64.0' },
        {
          id: 'CVE-2021-44228',
          severity: 'CRITICAL',
          ratings: [{ severity: 'critical' }],
          component: 'org.apache.logging.log4j/log4j-core',
          version: '2.14.1',
          fixedIn: '2.15.0, 2.12.2',
        },
        { id: 'CVE-2024-0001', severity: 'UNKNOWN', ratings: [], component: 'registry.example.com/app:1' },
      ],
      cveCount: { CRITICAL: 3, HIGH: 0, MEDIUM: 0, LOW: 0, UNKNOWN: 1, CVETOTAL: 4 },
      scanner: { name: 'trivy', vendor: 'aquasecurity', version: '0.49.0' },
      artifact: 'registry.example.com/app:1',
    });
  });

  it.each(['1.2', '1.3', '1.4', '1.5', '1.6'])('has no vulnerabilities where %s tells none', (specVersion) => {
    expect(readJson(bom({ components: [] }, specVersion)).report.findings).toEqual([]);
  });

  it.each(['2.0', '1', '1.x', ''])('is not read in version %j', (specVersion) => {
    expect(problemOf(JSON.stringify(bom({}, specVersion)))).toContain('specVersion must be 1.2 to 1.6');
  });

  it.each([
    ['a recommendation for another component', { recommendation: 'Upgrade wget to version 2' }],
    ['advice', { recommendation: 'Upgrade to version 2 or turn it off' }],
    [
      'versions that are affected',
      {},
      [
        { version: '1', status: 'affected' },
        { version: '2', status: 'unknown' },
      ],
    ],
  ])('tells no fix from %s', (_, rest, versions: unknown = []) => {
    const { findings } = readJson(vulnerability({ ...rest, affects: [{ ref: 'curl', versions }] })).report;
    expect(findings).toEqual([expect.not.objectContaining({ fixedIn: expect.anything() })]);
  });

  it('tells a range where it knows no version', () => {
    const versions = [
      { range: 'vers:deb/<7.66', status: 'affected' },
      { version: '7.66', status: 'unaffected' },
    ];
    const { findings } = readJson(vulnerability({ affects: [{ ref: 'pkg:deb/curl', versions }] })).report;
    expect(findings).toMatchObject([{ component: 'pkg:deb/curl', version: 'vers:deb/<7.66', fixedIn: '7.66' }]);
  });

  it.each([
    ['the vendor of 1.4', [{ vendor: 'anchore', name: 'grype' }], 'anchore'],
    ['an author', { components: [{ author: 'anchore', name: 'grype' }] }, 'anchore'],
    [
      'a manufacturer',
      { components: [{ manufacturer: { name: 'Aqua' }, group: 'aquasecurity', name: 'grype' }] },
      'Aqua',
    ],
    ['a supplier', { components: [{ supplier: { name: 'Aqua' }, name: 'grype' }] }, 'Aqua'],
    ['a publisher', { components: [{ publisher: 'Aqua', name: 'grype' }] }, 'Aqua'],
  ])('names %s of the scanner', (_, tools, vendor) => {
    expect(readJson(bom({ metadata: { tools } })).report.scanner).toEqual({ name: 'grype', vendor });
  });

  it.each([
    ['components[0].components[0].name', { components: [{ components: [{ 'bom-ref': 'a', name: 1 }] }] }],
    ['vulnerabilities[0].id', { vulnerabilities: [{ id: 1 }] }],
    ['vulnerabilities[1].ratings', { vulnerabilities: [{}, { ratings: 'high' }] }],
    ['vulnerabilities[0].ratings[0].severity', { vulnerabilities: [{ ratings: [{ severity: ['high'] }] }] }],
    ['vulnerabilities[0].ratings[0].score', { vulnerabilities: [{ ratings: [{ score: 'n/a' }] }] }],
    ['vulnerabilities[0].ratings[0].score', { vulnerabilities: [{ ratings: [{ score: ' ' }] }] }],
    [
      'vulnerabilities[0].affects[0].versions[0].version',
      { vulnerabilities: [{ affects: [{ versions: [{ version: 1 }] }] }] },
    ],
  ])('says that %s is wrong', (path, rest) => {
    expect(problemOf(JSON.stringify(bom(rest)))).toMatch(
      new RegExp(`^the report's ${path.replaceAll(/[[\].]/g, '\\$&')} must be a`),
    );
  });
});
