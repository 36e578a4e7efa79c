/**
 * One policy over one report: the verdict, and what the report tells.
 *
 * Fails closed: whatever goes wrong with the report or the policy is the verdict `error` with its text, never a pass. A
 * function of its input alone, the clock of the policy included.
 */
import type { Instant } from '../conditions/instant.ts';
import type { ReportFormat } from '../events/report-ready.ts';
import { builtInsAt } from './built-ins/built-ins.ts';
import { CANARY_INSTANT, JUDGED_FORMATS, silence, tryCanaries } from './canaries.ts';
import { type Contract, contractOf } from './contracts.ts';
import { type Evaluated, type Evaluating, evaluationError, type Probing } from './evaluation.ts';
import type { Ask, Judge, Judgement, Subject } from './judge.ts';
import { type LoadedPolicy, loadPolicy } from './load-policy.ts';
import { PolicyFailure } from './policy-failure.ts';
import { type Report, UnreadableReport } from './reports/report.ts';
import { readSubject } from './subject.ts';
import { podVerdict, verdictOf } from './verdict.ts';

/** A policy that was asked nothing yet: what one question leaves behind must not be there for the next. */
const open = ({ policy: { module, data }, memory, heap }: Probing, at: Instant): LoadedPolicy =>
  loadPolicy(module, { builtIns: builtInsAt(at), memory, heap, ...(data && { data }) });

const contractIn = (probing: Probing): Contract =>
  contractOf(probing.policy.entrypoints ?? open(probing, CANARY_INSTANT).entrypoints());

/**
 * What the policy objects to. Where no canary told the right way to show it the report, in the first way, unless it names
 * vulnerabilities in another.
 */
const judgeBy = (judges: readonly [Judge, ...Judge[]], ask: Ask, subject: Subject): Judgement => {
  const [first, ...others] = judges;
  // Each way takes the bytes over.
  const again = others.map(() => ({ ...subject, json: subject.json.slice() }));
  const judgement = first(ask, subject);
  if (judgement.violations.length > 0) return judgement;
  return (
    others
      .values()
      .map((other, at) => other(ask, again[at] ?? subject))
      .find(({ violations }) => violations.length > 0) ?? judgement
  );
};

const judge = (subject: Subject, evaluating: Evaluating): Evaluated => {
  const { report } = subject;
  const { format } = report;
  const contract = contractIn(evaluating);
  const canary = evaluating.canaries[format] ?? tryCanaries(open(evaluating, CANARY_INSTANT), contract, format);
  const learnt = { format, canary };
  const ways = contract.judges(format);
  const way = canary.judge === undefined ? undefined : ways[canary.judge];
  const policy = open(evaluating, evaluating.evaluatedAt);
  const ask: Ask = (...input) => policy.ask({ entrypoint: contract.entrypoint, input });
  const judgement = judgeBy(way === undefined ? ways : [way], ask, subject);
  const evaluation = verdictOf(report, judgement, way === undefined ? [silence(format)] : []);
  const isRefused = way === undefined && evaluating.canaryIsStrict && evaluation.verdict === 'passed';
  return { evaluation: isRefused ? evaluationError(silence(format), report) : evaluation, learnt };
};

/** Evaluates. Throws nothing that a report or a policy can cause. */
export const evaluate = (evaluating: Evaluating): Evaluated => {
  let report: Report | undefined;
  try {
    const { format, heap, scan } = evaluating;
    const subject: Subject = { ...readSubject(evaluating.report, heap, format), ...(scan && { scan }) };
    report = subject.report;
    if (report.format === 'scan-result') return { evaluation: podVerdict(report, evaluating.trustsPodVerdicts) };
    return judge(subject, evaluating);
  } catch (error) {
    if (error instanceof PolicyFailure || error instanceof UnreadableReport)
      return { evaluation: evaluationError(error.message, report) };
    throw error;
  }
};

/**
 * The formats of reports in which a policy denies nothing that is planted there. Throws `PolicyFailure` where it cannot be
 * asked at all.
 */
export const silentFormats = (probing: Probing): readonly ReportFormat[] => {
  const contract = contractIn(probing);
  const policy = open(probing, CANARY_INSTANT);
  // One that cannot be loaded is not silent but broken.
  policy.entrypoints();
  return JUDGED_FORMATS.filter((format) => tryCanaries(policy, contract, format).judge === undefined);
};
