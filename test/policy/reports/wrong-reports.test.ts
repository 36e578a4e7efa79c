/** Reports whose fields are not what their format says: an error that names the place, never an empty report. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { REPORT_FORMATS, type ReportFormat } from '../../../shared/events/report-ready.ts';
import { parseReport } from '../../../shared/policy/reports/read-report.ts';
import { reportArbitrary } from '../../support/reports.ts';
import { problemOf } from '../../support/reports-problem.ts';

/** A place in a JSON document, counted through, and what to put there. */
const replaced = (value: unknown, at: { left: number }, by: unknown): unknown => {
  at.left -= 1;
  if (at.left === 0) return by;
  if (Array.isArray(value)) return value.map((item) => replaced(item, at, by));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, replaced(member, at, by)]));
};

describe.each(REPORT_FORMATS)('a document of %s with one value replaced', (format) => {
  it('is read or unreadable', () => {
    fc.assert(
      fc.property(reportArbitrary(format), fc.nat(60), fc.jsonValue({ maxDepth: 2 }), ({ text }, left, by) => {
        const { document } = parseReport(Buffer.from(text));
        problemOf(JSON.stringify(replaced(document, { left }, by)));
      }),
      { numRuns: 300 },
    );
  });
});

/** Where each format has its lists of findings, with a report that is complete but for that list. */
const LISTS: readonly (readonly [ReportFormat, string, (list: unknown) => unknown])[] = [
  [
    'cyclonedx-json',
    'vulnerabilities',
    (list) => ({ bomFormat: 'CycloneDX', specVersion: '1.4', vulnerabilities: list }),
  ],
  ['trivy', 'Results', (list) => ({ SchemaVersion: 2, Results: list })],
  ['trivy', 'Results[0].Vulnerabilities', (list) => ({ SchemaVersion: 2, Results: [{ Vulnerabilities: list }] })],
  ['grype', 'matches', (list) => ({ matches: list })],
  ['spdx-json', 'vulnerabilities', (list) => ({ specVersion: 'SPDX-3.0', vulnerabilities: list })],
  ['sarif', 'runs', (list) => ({ version: '2.1.0', runs: list })],
  ['sarif', 'runs[0].results', (list) => ({ version: '2.1.0', runs: [{ tool: {}, results: list }] })],
];

describe.each(LISTS)('in %s the list %s', (format, path, document) => {
  it('is never anything but a list of objects', () => {
    const wrong = fc.oneof(
      fc.constantFrom('none', 0, false, {}, { length: 0 }),
      fc.tuple(fc.constantFrom('CVE-1', 1, null, [])),
    );
    fc.assert(
      fc.property(wrong, (list) => {
        expect(problemOf(JSON.stringify(document(list)), format)).toContain(`the report's ${path}`);
      }),
    );
  });
});

describe('a list that must be there', () => {
  it.each<[ReportFormat, string]>([
    ['grype', '{"matches":null}'],
    ['spdx-json', '{"specVersion":"SPDX-2.3","packages":[]}'],
    ['sarif', '{"version":"2.1.0","runs":[{"tool":{}}]}'],
    ['sarif', '{"version":"2.1.0","runs":[]}'],
    ['trivy', '{"Results":null}'],
  ])('is missed in %s: %s', (_, text) => {
    expect(problemOf(text)).toMatch(/^the report's .* must /);
  });
});
