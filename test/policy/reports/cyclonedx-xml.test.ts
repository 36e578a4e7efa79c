/** CycloneDX in XML, in the shape of its extension and in its own. */
import { describe, expect, it } from '@jest/globals';
import { fixture, readText } from '../../support/reports-fixtures.ts';
import { problemOf } from '../../support/reports-problem.ts';

const bom = (content: string, namespaces = 'xmlns="http://cyclonedx.org/schema/bom/1.4"'): string =>
  `<bom ${namespaces}>${content}</bom>`;
const vulnerability = (content: string): string =>
  bom(`<vulnerabilities><vulnerability>${content}</vulnerability></vulnerabilities>`);

describe('CycloneDX in XML with the extension', () => {
  it('tells the vulnerabilities inside of each component', () => {
    const { report, document } = fixture('cyclonedx-1.2-extension.xml');
    expect(report).toEqual({
      format: 'cyclonedx-xml',
      findings: [
        {
          id: 'CVE-2009-5155',
          severity: 'LOW',
          ratings: [{ severity: 'Low' }],
          component: 'libc6',
          version: '2.27-3ubuntu1.4',
        },
        {
          id: 'CVE-2021-3999',
          severity: 'HIGH',
          ratings: [
            { severity: 'Medium', score: 7.8, method: 'CVSSv3', vector: 'AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H' },
            { severity: 'High' },
          ],
          component: 'libc6',
          version: '2.27-3ubuntu1.4',
          description: 'An off-by-one buffer overflow in getcwd() & underflow.',
        },
        {
          id: 'GHSA-jfh8-c2jp-5v3q',
          severity: 'CRITICAL',
          ratings: [{ severity: 'Critical' }],
          component: 'org.apache.logging.log4j/log4j-core',
          version: '2.14.1',
        },
      ],
      cveCount: { CRITICAL: 1, HIGH: 1, MEDIUM: 0, LOW: 1, UNKNOWN: 0, CVETOTAL: 3 },
      scanner: { name: 'grype', vendor: 'anchore', version: '0.33.1' },
      artifact: 'registry.example.com/team/app@sha256:5f2c',
    });
    // As policies are written: one is an object, several are a list, prefixes are gone.
    expect(document).toMatchObject({
      bom: {
        '-v': 'http://cyclonedx.org/schema/ext/vulnerability/1.0',
        components: {
          component: [
            {},
            { vulnerabilities: { vulnerability: [{ ratings: { rating: { severity: 'Low' } } }, {}] } },
            { '-type': 'library', vulnerabilities: { vulnerability: { id: 'GHSA-jfh8-c2jp-5v3q' } } },
          ],
        },
      },
    });
  });

  it('tells those beside the components, by the reference', () => {
    const v = 'xmlns="http://cyclonedx.org/schema/bom/1.2" xmlns:v="http://cyclonedx.org/schema/ext/vulnerability/1.0"';
    const text = bom(
      '<components><component bom-ref="a"><name>curl</name></component></components>' +
        '<v:vulnerabilities><v:vulnerability ref="a"><v:id>CVE-1</v:id></v:vulnerability></v:vulnerabilities>',
      v,
    );
    expect(readText(text).report.findings).toEqual([
      { id: 'CVE-1', severity: 'UNKNOWN', ratings: [], component: 'curl' },
    ]);
  });
});

describe('CycloneDX in XML since 1.4', () => {
  it('tells each thing that a vulnerability affects', () => {
    const { report } = fixture('cyclonedx-1.5.xml');
    const is = {
      id: 'CVE-2022-46175',
      severity: 'CRITICAL',
      ratings: [
        {
          severity: 'high',
          score: 8.8,
          method: 'CVSSv31',
          vector: 'CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H',
          source: 'nvd',
        },
        { score: 9 },
      ],
      description: 'Prototype pollution in JSON5.parse',
    };
    expect(report.findings).toEqual([
      { ...is, component: 'json5', version: '2.0.1', fixedIn: 'vers:npm/>=2.2.2' },
      { ...is, component: '@babel/core', version: '7.1.0' },
      { ...is, component: 'api' },
      { ...is, component: 'urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#elsewhere' },
      { id: 'CVE-2023-0001', severity: 'UNKNOWN', ratings: [] },
    ]);
    expect(report.scanner).toEqual({ name: 'grype', vendor: 'anchore', version: '0.74.0' });
    expect(report.artifact).toBe('nginx:1.16@sha256:d20aa6d1');
  });

  it.each([
    ['nothing', ''],
    ['no component', '<components/><vulnerabilities/>'],
    ['a component without any', '<components><component><vulnerabilities/></component></components>'],
  ])('has no findings in a bom of %s', (_, content) => {
    expect(readText(bom(content)).report.findings).toEqual([]);
  });

  it('keeps a vulnerability of which nothing is told', () => {
    const unknown = { id: 'UNKNOWN', severity: 'UNKNOWN', ratings: [] };
    const some = bom('<vulnerabilities><vulnerability/><vulnerability> </vulnerability></vulnerabilities>');
    expect(readText(some).report.findings).toEqual([unknown, unknown]);
  });

  it('reads a text beside attributes', () => {
    const text = vulnerability(
      '<id x="1">CVE-1</id><description x="1"/><ratings><rating><score x="1">7.5</score></rating></ratings>',
    );
    expect(readText(text).report.findings).toEqual([{ id: 'CVE-1', severity: 'HIGH', ratings: [{ score: 7.5 }] }]);
  });

  it('is known by its namespace, under any prefix', () => {
    const text =
      '<x:bom xmlns:x="http://cyclonedx.org/schema/bom/1.6"><x:vulnerabilities><x:vulnerability/></x:vulnerabilities></x:bom>';
    expect(readText(text).report.findings).toHaveLength(1);
  });

  it.each([
    ['bom.vulnerabilities', bom('<vulnerabilities>none</vulnerabilities>')],
    [
      'bom.vulnerabilities.vulnerability',
      bom('<vulnerabilities><vulnerability>CVE-1</vulnerability></vulnerabilities>'),
    ],
    ['bom.vulnerabilities.vulnerability.id', vulnerability('<id>CVE-1</id><id>CVE-2</id>')],
    ['bom.vulnerabilities.vulnerability.id', vulnerability('<id><b>CVE-1</b></id><id/>')],
    [
      'bom.vulnerabilities.vulnerability.ratings.rating[1].score',
      vulnerability('<ratings><rating/><rating><score>high</score></rating></ratings>'),
    ],
    [
      'bom.vulnerabilities.vulnerability.ratings.rating.score.base',
      vulnerability('<ratings><rating><score><base>x</base></score></rating></ratings>'),
    ],
    [
      'bom.components.component[1].vulnerabilities',
      bom('<components><component/><component><vulnerabilities>0</vulnerabilities></component></components>'),
    ],
  ])('says that %s is wrong', (path, text) => {
    expect(problemOf(text)).toContain(`the report's ${path} must be`);
  });
});
