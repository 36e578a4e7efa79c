/** Generated scan-results, in YAML as people and programs write it. */
import fc from 'fast-check';
import { dump } from 'js-yaml';
import type { CveCount } from '../../shared/policy/reports/report.ts';
import { defined, type GeneratedReport, ids, scanners } from './reports-parts.ts';

const SEVERITIES = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNKNOWN'] as const;

const counts: fc.Arbitrary<CveCount> = fc.tuple(...SEVERITIES.map(() => fc.nat(500))).map((each) => ({
  ...(Object.fromEntries(SEVERITIES.map((severity, index) => [severity, each[index]])) as Omit<CveCount, 'CVETOTAL'>),
  CVETOTAL: each.reduce((a, b) => a + b, 0),
}));

type Spelling = (key: string) => string;

/** Keys as the model spells them, and in other cases. */
const spellings: fc.Arbitrary<Spelling> = fc.constantFrom(
  (key) => key,
  (key) => key.toUpperCase(),
  (key) => `${key.slice(0, 1).toUpperCase()}${key.slice(1)}`,
);

const layouts: fc.Arbitrary<(value: object) => string> = fc.constantFrom(
  (value) => dump(value),
  (value) => `---\n# out.yaml\n${dump(value, { flowLevel: 2 })}`,
  (value) => JSON.stringify(value),
);

export const scanResultReports: fc.Arbitrary<GeneratedReport> = fc
  .record({
    cveCount: counts,
    hasTotal: fc.boolean(),
    scanner: fc.option(scanners, { nil: undefined }),
    violations: fc.option(fc.array(ids, { maxLength: 5 }), { nil: undefined }),
    spell: spellings,
    layout: layouts,
  })
  .map(({ cveCount, hasTotal, scanner, violations, spell, layout }) => {
    const { CVETOTAL: total, ...each } = cveCount;
    const told = Object.fromEntries(Object.entries(each).map(([key, count]) => [spell(key.toLowerCase()), count]));
    return {
      format: 'scan-result',
      text: layout({
        [spell('scan')]: defined({
          [spell('cveCount')]: { ...told, ...(hasTotal && { CVETOTAL: total }) },
          [spell('scanner')]: scanner && { ...scanner, db: { version: '2022-04-13' } },
          reports: ['/workspace/grype-scan/app.cyclonedx.xml'],
        }),
        ...(violations && { [spell('eval')]: { violations } }),
        store: { locations: ['http://metadata-store/reports/3'] },
      }),
      findings: [],
      cveCount,
      ...(scanner && { scanner }),
      ...(violations && { violations }),
    };
  });
