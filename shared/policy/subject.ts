/** A report's bytes, read into what policies are asked about. */
import type { ReportFormat } from '../events/report-ready.ts';
import { jsonWeight } from './json-weight.ts';
import type { Subject } from './judge.ts';
import { parseReport } from './reports/read-report.ts';
import { UnreadableReport } from './reports/report.ts';

const MEBIBYTE = 2 ** 20;
/** How much of the heap a report may take: the rest is for our code, and for what was not collected yet. */
const SHARE = 7 / 8;

const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const withoutMark = (bytes: Uint8Array): Uint8Array =>
  BYTE_ORDER_MARK.every((byte, at) => bytes[at] === byte) ? bytes.subarray(BYTE_ORDER_MARK.length) : bytes;

const JSON_FORMATS: ReadonlySet<ReportFormat> = new Set(['cyclonedx-json', 'trivy', 'grype', 'spdx-json', 'sarif']);

const encoder = new TextEncoder();

/**
 * Reads a report. Of what was parsed nothing is kept but the findings: there is no memory for a large report twice. Throws
 * `UnreadableReport`.
 */
export const readSubject = (bytes: Uint8Array, heap: number, format?: ReportFormat): Subject => {
  const most = heap * SHARE;
  if (jsonWeight(bytes) > most)
    throw new UnreadableReport(`the report could take more than ${Math.floor(most / MEBIBYTE)} MiB of memory to read`);
  const { report, document } = parseReport(bytes, format);
  const json = JSON_FORMATS.has(report.format) ? withoutMark(bytes) : encoder.encode(JSON.stringify(document));
  return { report, json };
};
