/** The verdict that a judgement comes to, and what people are told with it. */
import { cleanText, cutText } from '../conditions/text.ts';
import { type Evaluation, evaluationError, told } from './evaluation.ts';
import { type Judgement, objects } from './judge.ts';
import type { Report } from './reports/report.ts';
import { worstFindings } from './reports/worst-findings.ts';

const MOST_SHOWN = 3;
const SHOWN_BYTES = 256;

const shown = (message: string): string => cutText(cleanText(message.slice(0, SHOWN_BYTES)), SHOWN_BYTES);

const remarks = (nameless: readonly string[]): readonly string[] => {
  const told = nameless
    .slice(0, MOST_SHOWN)
    .map((message) => `the policy denied without naming a vulnerability: ${shown(message)}`);
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
