/** The verdict that a judgement comes to, and what people are told with it. */
import { type Evaluation, evaluationError, oneLine, told } from './evaluation.ts';
import { type Judgement, objects } from './judge.ts';
import type { Report } from './reports/report.ts';
import { worstFindings } from './reports/worst-findings.ts';

const MOST_SHOWN = 3;
const SHOWN_BYTES = 256;

const remark = (message: string): string =>
  `the policy denied without naming a vulnerability: ${oneLine(message, SHOWN_BYTES) || 'it says nothing'}`;

const remarks = (nameless: readonly string[]): readonly string[] => {
  // A set has no order that means anything.
  const told = [...nameless].sort().slice(0, MOST_SHOWN).map(remark);
  const more = nameless.length - told.length;
  return more > 0 ? [...told, `and ${more} more such messages`] : told;
};

/** Failed if there is any objection; a pass carries the warnings that there are. */
export const verdictOf = (report: Report, judgement: Judgement, warned: readonly string[] = []): Evaluation => {
  const { violations, nameless } = judgement;
  const isFailed = objects(judgement);
  const ids = [...new Set(violations)].sort();
  const worst = worstFindings(report.findings, ids);
  const warnings = [...remarks(nameless), ...(isFailed ? [] : warned)];
  return {
    verdict: isFailed ? 'failed' : 'passed',
    violations: ids,
    ...told(report),
    ...(worst.length > 0 && { worst }),
    ...(warnings.length > 0 && { warnings }),
  };
};

/** The verdict of the pod that wrote the report, where it is believed. */
export const podVerdict = (report: Report, isTrusted: boolean): Evaluation => {
  if (!isTrusted)
    return evaluationError('a scan-result holds the verdict of the pod itself, which is not believed here', report);
  if (report.violations === undefined)
    return evaluationError('the scan-result holds no verdict: it has no eval', report);
  return verdictOf(report, { violations: report.violations, nameless: [] });
};
