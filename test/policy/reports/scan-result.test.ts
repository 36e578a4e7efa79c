/** The scan-result: what a pod counted and evaluated itself. */
import { describe, expect, it } from '@jest/globals';
import { fixture, readJson, readText } from '../../support/reports-fixtures.ts';
import { problemOf } from '../../support/reports-problem.ts';

const COUNTS = { critical: 1, high: 2, medium: 3, low: 4, unknown: 5 };

describe('a scan-result', () => {
  it('tells the counts, the scanner and the violations, and lists no findings', () => {
    expect(fixture('scan-result.yaml').report).toEqual({
      format: 'scan-result',
      findings: [],
      cveCount: { CRITICAL: 0, HIGH: 1, MEDIUM: 3, LOW: 25, UNKNOWN: 2, CVETOTAL: 31 },
      scanner: { name: 'grype', vendor: 'Anchore', version: '0.33' },
      violations: ['CVE-2022-0101', 'banned package log4j'],
    });
  });

  it('tells no violations where nothing was evaluated, and an empty list where nothing was found', () => {
    expect(readJson({ scan: { cveCount: COUNTS } }).report).not.toHaveProperty('violations');
    expect(readJson({ scan: { cveCount: COUNTS }, eval: { violations: [] } }).report.violations).toEqual([]);
  });

  it('takes a version that YAML takes for a number', () => {
    const text =
      'scan:\n  cveCount: {critical: 0, high: 0, medium: 0, low: 0, unknown: 0}\n  scanner: {name: x, version: 22}\n';
    expect(readText(text).report.scanner).toEqual({ name: 'x', version: '22' });
  });

  it.each([
    ['scan.cveCount.critical is missing: the report may be cut', { eval: { violations: [] } }],
    [
      'scan.cveCount.unknown is missing: the report may be cut',
      { scan: { cveCount: { ...COUNTS, unknown: undefined } } },
    ],
    ['scan.cveCount.high must be a whole number', { scan: { cveCount: { ...COUNTS, high: null } } }],
    ['scan.cveCount.high must be a whole number', { scan: { cveCount: { ...COUNTS, high: -1 } } }],
    ['scan.cveCount.high must be a whole number', { scan: { cveCount: { ...COUNTS, high: '1' } } }],
    ['scan.cveCount.cvetotal must be 15, the sum of the others', { scan: { cveCount: { ...COUNTS, CVETOTAL: 14 } } }],
    ['scan.cveCount.high is told twice', { scan: { cveCount: { ...COUNTS, HIGH: 0 } } }],
    ['scan is told twice', { scan: { cveCount: COUNTS }, Scan: {} }],
    ['scan must be an object', { scan: 'done' }],
    ['eval.violations is missing: the report may be cut', { scan: { cveCount: COUNTS }, eval: {} }],
    ['eval.violations is missing: the report may be cut', { scan: { cveCount: COUNTS }, eval: null }],
    ['eval.violations must be a list', { scan: { cveCount: COUNTS }, eval: { violations: 'none' } }],
    ['eval.violations[0] must be a text', { scan: { cveCount: COUNTS }, eval: { violations: [{ id: 'CVE-1' }] } }],
  ])('says that %s', (wrong, document) => {
    expect(problemOf(JSON.stringify(document))).toBe(`the report's ${wrong}`);
  });
});
