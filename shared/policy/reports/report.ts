/**
 * What a report tells, whatever its format: the vulnerabilities that a scanner found, and where.
 *
 * One file of this folder reads one format; `read-report.ts` tells them apart.
 */
import type { SEVERITIES } from '../../conditions/facts.ts';
import type { ReportFormat } from '../../events/report-ready.ts';

export type Severity = (typeof SEVERITIES)[number];

/** One assessment of a vulnerability: scanners may give several, by different methods or vendors, or none. */
export interface Rating {
  /** As the report spells it; absent where the rating is a score only. */
  readonly severity?: string;
  readonly score?: number;
  readonly method?: string;
  readonly vector?: string;
  readonly source?: string;
}

/** One vulnerability in one component. */
export interface Finding {
  readonly id: string;
  /** The worst of its ratings; UNKNOWN where nobody rated it. */
  readonly severity: Severity;
  readonly ratings: readonly Rating[];
  readonly component?: string;
  /** The component's version. */
  readonly version?: string;
  /** The version, or versions, in which it is mended, joined by a comma and a space. */
  readonly fixedIn?: string;
  readonly description?: string;
}

export interface Scanner {
  readonly name?: string;
  readonly vendor?: string;
  readonly version?: string;
}

/** Findings by severity, and all together. */
export type CveCount = Readonly<Record<Severity | 'CVETOTAL', number>>;

export interface Report {
  readonly format: ReportFormat;
  /** In the report's order. A vulnerability that affects several components is as many findings. */
  readonly findings: readonly Finding[];
  /** Of the findings, or what the report itself counted where it lists none (`scan-result`). */
  readonly cveCount: CveCount;
  readonly scanner?: Scanner;
  /** What was scanned, as the report names it; never shown as the scan's own artifact. */
  readonly artifact?: string;
  /** What the policy in the pod found (`scan-result` alone): the IDs that violate it. */
  readonly violations?: readonly string[];
}

/** A report that cannot be read, or is none: the text says where and why. */
export class UnreadableReport extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'UnreadableReport';
  }
}

/** One format. */
export interface ReportReader {
  readonly format: ReportFormat;
  /** Whether a document, parsed, is of this format; looked at without going deep. */
  readonly recognises: (document: unknown) => boolean;
  /** Throws `UnreadableReport`. */
  readonly read: (document: unknown) => Report;
  /**
   * The smallest reports that a scanner could write in this format, in each shape that it has for vulnerabilities: without
   * any, with one, and with planted ones of every severity. A policy that denies none of what is planted does not see
   * vulnerabilities there.
   */
  readonly canaries: readonly string[];
}
