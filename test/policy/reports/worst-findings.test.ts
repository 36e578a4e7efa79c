/** The worst findings: in one order, each once, as many as a status has room for. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Finding, Severity } from '../../../shared/policy/reports/report.ts';
import { worstFindings } from '../../../shared/policy/reports/worst-findings.ts';

const finding = (id: string, severity: Severity, rest: Partial<Finding> = {}): Finding => ({
  id,
  severity,
  ratings: [],
  ...rest,
});

const ORDER: readonly Severity[] = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNKNOWN'];
const optional = <T>(...values: T[]): fc.Arbitrary<T | undefined> => fc.constantFrom(undefined, ...values);

const findings: fc.Arbitrary<Finding[]> = fc.array(
  fc
    .tuple(
      fc.constantFrom('CVE-1', 'CVE-2', 'CVE-3', 'CVE-10', 'GHSA-a'),
      fc.constantFrom(...ORDER),
      fc.record({ component: optional('curl', 'apt'), version: optional('1', '2'), fixedIn: optional('3', '4') }),
    )
    .map(([id, severity, { component, version, fixedIn }]) =>
      finding(id, severity, {
        ...(component && { component }),
        ...(component && version && { version }),
        ...(fixedIn && { fixedIn }),
      }),
    ),
  { maxLength: 60 },
);

describe('the worst findings', () => {
  it('are told with the component, its version and the fix', () => {
    const all = [
      finding('CVE-2', 'LOW'),
      finding('CVE-1', 'LOW', { component: 'curl' }),
      finding('CVE-3', 'CRITICAL', { component: 'apt', version: '1.8', fixedIn: '1.9', description: 'x' }),
      finding('CVE-0', 'UNKNOWN'),
    ];
    expect(worstFindings(all)).toEqual([
      { id: 'CVE-3', severity: 'CRITICAL', component: 'apt@1.8', fixedIn: '1.9' },
      { id: 'CVE-1', severity: 'LOW', component: 'curl' },
      { id: 'CVE-2', severity: 'LOW' },
      { id: 'CVE-0', severity: 'UNKNOWN' },
    ]);
  });

  it('are those that a sort of all would put first, whatever order they came in', () => {
    const key = ({ severity, id, component = '', version = '', fixedIn = '' }: Finding): string =>
      [ORDER.indexOf(severity), id, component, version, fixedIn].join(' ');
    const place = ({ id, component = '', version }: Finding): string =>
      `${id} ${version === undefined ? component : `${component}@${version}`}`;
    fc.assert(
      fc.property(findings, (all) => {
        const sorted = all.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
        const each = sorted.filter((one, at) => sorted.findIndex((other) => place(other) === place(one)) === at);
        const told = worstFindings(all).map(({ id, severity, component = '' }) => [severity, `${id} ${component}`]);
        expect(told).toEqual(each.slice(0, 20).map((one) => [one.severity, place(one)]));
        expect(worstFindings(all.toReversed())).toEqual(worstFindings(all));
      }),
      { numRuns: 1_000 },
    );
  });

  it('are 20 at most', () => {
    const all = Array.from({ length: 30 }, (_, at) => finding(`CVE-${40 - at}`, 'HIGH'));
    expect(worstFindings(all).map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, at) => `CVE-${at + 11}`));
  });

  it('are of the IDs that are asked for', () => {
    fc.assert(
      fc.property(findings, fc.subarray(['CVE-1', 'CVE-3', 'none']), (all, ids) => {
        expect(worstFindings(all, ids)).toEqual(worstFindings(all.filter(({ id }) => ids.includes(id))));
      }),
    );
  });

  it('are clean and short', () => {
    const [told] = worstFindings([
      finding(` a\u001b[31m${'x'.repeat(1_000)}`, 'HIGH', {
        component: 'y'.repeat(1e6),
        version: '1',
        fixedIn: 'ü'.repeat(200),
      }),
    ]);
    expect(told).toEqual({
      id: `a [31m${'x'.repeat(250)}`,
      severity: 'HIGH',
      component: 'y'.repeat(256),
      fixedIn: 'ü'.repeat(128),
    });
  });
});
