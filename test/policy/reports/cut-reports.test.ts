/** Reports that were cut, as the logs of pods are when they grow too long: it is noticed. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { REPORT_FORMATS } from '../../../shared/events/report-ready.ts';
import { parseReport } from '../../../shared/policy/reports/read-report.ts';
import { UnreadableReport } from '../../../shared/policy/reports/report.ts';
import { reportArbitrary } from '../../support/reports.ts';
import { problemOf } from '../../support/reports-problem.ts';

const CUTTABLE = REPORT_FORMATS.filter((format) => format !== 'scan-result');

describe.each(CUTTABLE)('a report in %s that was cut', (format) => {
  it('says that it ends in the middle, wherever it was cut', () => {
    fc.assert(
      fc.property(reportArbitrary(format), fc.double({ min: 0, max: 1, noNaN: true }), ({ text }, part) => {
        const whole = Buffer.from(text.trim());
        const some = whole.subarray(0, Math.max(1, Math.floor(part * (whole.length - 1))));
        expect(problemOf(some)).toContain('the report ends in the middle');
      }),
      { numRuns: 300 },
    );
  });
});

describe('a scan-result that was cut', () => {
  const whole =
    'scan:\n  cveCount:\n    critical: 10\n    high: 21\n    medium: 3\n    low: 25\n    unknown: 17\neval:\n  violations:\n    - CVE-1\n    - CVE-2\n';

  it('has no count that was not told, and no violations but those that were', () => {
    for (let end = 0; end < whole.length; end += 1) {
      try {
        const { cveCount, violations } = parseReport(Buffer.from(whole.slice(0, end))).report;
        // The last figure may have lost a digit; all before it are whole.
        expect(cveCount).toMatchObject({ CRITICAL: 10, HIGH: 21, MEDIUM: 3, LOW: 25 });
        expect(violations).not.toEqual([]);
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableReport);
      }
    }
  });

  it('lost its head', () => {
    const wrong = Array.from(whole.matchAll(/\n/g), ({ index }) => problemOf(whole.slice(index + 1)));
    expect(wrong).not.toContain('');
  });
});
