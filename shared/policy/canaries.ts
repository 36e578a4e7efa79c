/**
 * Canaries: whether a policy sees vulnerabilities in reports of a format at all.
 *
 * It is asked about the smallest reports in that format, with vulnerabilities of every severity planted. What it says of
 * a report without any does not count: it would say that of every report. What is learnt depends on the policy and the
 * format alone, so it need be learnt only once.
 */
import type { Instant } from '../conditions/instant.ts';
import type { ReportFormat } from '../events/report-ready.ts';
import type { Contract } from './contracts.ts';
import type { Canary } from './evaluation.ts';
import type { Ask, Judge, Judgement, Subject } from './judge.ts';
import type { LoadedPolicy } from './load-policy.ts';
import { PolicyFailure } from './policy-failure.ts';
import { READERS } from './reports/read-report.ts';
import { readSubject } from './subject.ts';

/** The clock of canaries: late enough for what begins to hold some day, and for exemptions to have ended. */
export const CANARY_INSTANT = '2100-01-01T00:00:00Z' as Instant;

/** The formats that policies are asked about: a scan-result holds no findings. */
export const JUDGED_FORMATS: readonly ReportFormat[] = READERS.map(({ format }) => format).filter(
  (format) => format !== 'scan-result',
);

const encoder = new TextEncoder();
/** More than any canary takes. */
const HEAP = 2 ** 24;

const objectionsOf = ({ violations, nameless }: Judgement): readonly string[] => [
  ...violations.map((id) => `vulnerability ${id}`),
  ...nameless.map((message) => `message ${message}`),
];

/** What the policy objects to in a report; a policy that breaks over it objects to nothing. */
const objectionsTo = (subject: Subject, judge: Judge, ask: Ask): readonly string[] => {
  try {
    return objectionsOf(judge(ask, subject));
  } catch (error) {
    // If it breaks over the scan's report as well, that is its verdict.
    if (error instanceof PolicyFailure) return [];
    throw error;
  }
};

const sees = (judge: Judge, ask: Ask, format: ReportFormat): boolean => {
  const canaries = READERS.find((reader) => reader.format === format)?.canaries ?? [];
  const subjects = canaries.map((text) => readSubject(encoder.encode(text), HEAP, format));
  const objections = (isPlanted: boolean): readonly string[] =>
    subjects
      .filter(({ report }) => report.findings.length > 0 === isPlanted)
      .flatMap((subject) => objectionsTo(subject, judge, ask));
  const always = new Set(objections(false));
  return objections(true).some((objection) => !always.has(objection));
};

/** Which of the contract's ways shows the policy vulnerabilities in this format. `policy` runs at `CANARY_INSTANT`. */
export const tryCanaries = (policy: LoadedPolicy, { entrypoint, judges }: Contract, format: ReportFormat): Canary => {
  const ask: Ask = (...input) => policy.ask({ entrypoint, input });
  const judge = judges(format).findIndex((one) => sees(one, ask, format));
  return { judge: judge < 0 ? undefined : judge };
};

/** What people are told of a pass by a policy that saw no canary. */
export const silence = (format: ReportFormat): string =>
  `this policy denied nothing in a canary report in ${format}: it may be narrow on purpose, or written for another report format`;
