/** Canary reports: each is one that a scanner could write, with every severity planted, alone and among others. */
import { describe, expect, it } from '@jest/globals';
import { parseReport, READERS } from '../../../shared/policy/reports/read-report.ts';
import type { CveCount } from '../../../shared/policy/reports/report.ts';
import { readText } from '../../support/reports-fixtures.ts';

const SEVERITIES = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNKNOWN'] as const;
const planted = (count: CveCount): readonly string[] => SEVERITIES.filter((severity) => count[severity] > 0);

describe.each(READERS)('the canaries of $format', ({ format, canaries }) => {
  const reports = canaries.map((text) => parseReport(Buffer.from(text), format).report);

  it('come in threes: without vulnerabilities, a critical one alone, and one of each severity', () => {
    const counts = reports.map(({ cveCount }) => [cveCount.CVETOTAL === 1, planted(cveCount)]);
    expect(counts).toEqual(
      Array.from({ length: canaries.length / 3 }, () => [
        [false, []],
        [true, ['CRITICAL']],
        [false, SEVERITIES],
      ]).flat(),
    );
  });

  it('name each vulnerability, its component and its severity', () => {
    const all = reports.flatMap(({ findings }) => findings);
    const unnamed = all.filter(
      ({ id, component, version, ratings }) =>
        !/^CVE-0000-\d{4}$/.test(id) || !component || !version || !ratings[0]?.severity,
    );
    expect(unnamed).toEqual([]);
    expect(
      all.length > 0 || reports.every(({ violations, cveCount }) => violations?.length === cveCount.CVETOTAL),
    ).toBe(true);
  });
});

describe('the canaries of cyclonedx-xml', () => {
  const [, one, several, , own, ownSeveral] = READERS.find(({ format }) => format === 'cyclonedx-xml')?.canaries ?? [];

  it('have one vulnerability as an object and several as a list, inside of components and beside them', () => {
    expect(readText(one ?? '').document).toMatchObject({
      bom: {
        components: {
          component: { vulnerabilities: { vulnerability: { ratings: { rating: { severity: 'Critical' } } } } },
        },
      },
    });
    expect(readText(several ?? '').document).toMatchObject({
      bom: { components: { component: expect.any(Array) } },
    });
    expect(readText(own ?? '').document).toMatchObject({
      bom: { vulnerabilities: { vulnerability: { ratings: { rating: { severity: 'critical' } } } } },
    });
    expect(readText(ownSeveral ?? '').document).toMatchObject({
      bom: { vulnerabilities: { vulnerability: expect.any(Array) } },
    });
  });
});
