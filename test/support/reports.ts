/**
 * Generated reports of every format, and what is in them: one or several of all that a format allows several of, empty
 * ratings and several, severities that nobody knows, IDs that repeat or are missing, no vulnerabilities at all.
 */
import type fc from 'fast-check';
import type { ReportFormat } from '../../shared/events/report-ready.ts';
import { cyclonedxJsonReports } from './reports-cyclonedx-json.ts';
import { cyclonedxXmlReports } from './reports-cyclonedx-xml.ts';
import { grypeReports } from './reports-grype.ts';
import type { GeneratedReport } from './reports-parts.ts';
import { sarifReports } from './reports-sarif.ts';
import { scanResultReports } from './reports-scan-result.ts';
import { spdxJsonReports } from './reports-spdx-json.ts';
import { trivyReports } from './reports-trivy.ts';

const REPORTS: Readonly<Record<ReportFormat, fc.Arbitrary<GeneratedReport>>> = {
  'cyclonedx-json': cyclonedxJsonReports,
  'cyclonedx-xml': cyclonedxXmlReports,
  trivy: trivyReports,
  grype: grypeReports,
  'spdx-json': spdxJsonReports,
  sarif: sarifReports,
  'scan-result': scanResultReports,
};

/** Reports of one format. */
export const reportArbitrary = (format: ReportFormat): fc.Arbitrary<GeneratedReport> => REPORTS[format];
