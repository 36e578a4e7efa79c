/** What is wrong with a report, as its error says. */
import { expect } from '@jest/globals';
import type { ReportFormat } from '../../shared/events/report-ready.ts';
import { parseReport } from '../../shared/policy/reports/read-report.ts';
import { UnreadableReport } from '../../shared/policy/reports/report.ts';

/** The error's line; empty where the report can be read. Fails where it is an error of another kind. */
export const problemOf = (report: Uint8Array | string, format?: ReportFormat): string => {
  try {
    parseReport(typeof report === 'string' ? Buffer.from(report) : report, format);
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(UnreadableReport);
    return error instanceof UnreadableReport ? error.message : String(error);
  }
};
