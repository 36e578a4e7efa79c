/**
 * A report is ready: where a run's report is, for a policy to be evaluated over it.
 *
 * It names no policy: that is always the live scan's own.
 */
import * as z from 'zod';
import type { ScanRef } from '../conditions/facts.ts';
import type { Instant } from '../conditions/instant.ts';
import type { Event } from './event.ts';
import { instant, objectName, scanRef, uid } from './fields.ts';
import { Rejected, rejectedBySchema } from './rejected.ts';
import { believed, type Scope } from './scope.ts';

/** The formats of reports, as `report.format` names them. */
export const REPORT_FORMATS = [
  'cyclonedx-json',
  'cyclonedx-xml',
  'trivy',
  'grype',
  'spdx-json',
  'sarif',
  'scan-result',
] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

const text = z.string({ error: 'must be a string' });
const DATA_KEY = /^[-._a-zA-Z0-9]{1,253}$/;

const reportSource = z.object(
  {
    format: z.enum(REPORT_FORMATS, { error: `must be one of ${REPORT_FORMATS.join(', ')}` }).exactOptional(),
    inline: text.exactOptional(),
    encoding: z.enum(['base64'], { error: 'must be base64, or absent where the report is text' }).exactOptional(),
    dataref: text.max(2_048, 'must not be longer than 2048 characters').exactOptional(),
    configMap: z
      .object({ name: objectName, key: text.regex(DATA_KEY, 'must be a key of a ConfigMap') })
      .exactOptional(),
    sha256: text.regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits in lower case').exactOptional(),
  },
  { error: 'must be an object' },
);

export const reportReadyData = z
  .object({
    scan: scanRef,
    run: z.object({ uid }, { error: 'must be an object' }),
    requestedAt: instant,
    report: reportSource,
  })
  .meta({ title: 'A report-ready event' });

export type ReportSource = z.infer<typeof reportSource>;

export interface ReportReady {
  readonly scan: ScanRef;
  readonly run: string;
  readonly requestedAt: Instant;
  readonly report: ReportSource;
}

const PLACES = ['inline', 'dataref', 'configMap'] as const;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const checkPlace = (report: ReportSource): void => {
  const places = PLACES.filter((place) => report[place] !== undefined);
  if (places.length !== 1) throw new Rejected('data.report', `must have exactly one of ${PLACES.join(', ')}`);
  if (report.encoding === undefined) return;
  if (report.inline === undefined) throw new Rejected('data.report.encoding', 'is for an inline report');
  if (!BASE64.test(report.inline)) throw new Rejected('data.report.inline', 'must be base64');
};

/** Where a run's report is. Throws `Rejected`, naming the field. */
export const readReportReady = (event: Event, scope: Scope): ReportReady => {
  const parsed = reportReadyData.safeParse(event.data);
  if (!parsed.success) throw rejectedBySchema('data', parsed.error);
  const { scan, run, requestedAt, report } = parsed.data;
  checkPlace(report);
  return { scan, run: run.uid, requestedAt: believed('data.requestedAt', requestedAt, scope), report };
};
