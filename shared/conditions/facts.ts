/**
 * Facts: what one event says about one run of one scan.
 *
 * A fact is a run that knows little: the join of all facts about a run is everything that is known of it. Texts are
 * cleaned and cut when the fact is made, so that a fact told twice is the same bytes.
 */
import { canonicalJson } from './canonical.ts';
import type { Instant } from './instant.ts';
import { cleanText, cutList, cutText, ERROR_BYTES, MESSAGE_BYTES, REASON_BYTES, textBytes } from './text.ts';

/** Which scan: a custom resource of one life; recreated under the same name it has another `uid`. */
export interface ScanRef {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** How a run's Job ended. `message` and `error` are the texts of the condition `Succeeded`, already cut. */
export interface Finish {
  readonly at: Instant;
  readonly outcome: 'complete' | 'failed';
  /** The Job controller's reason, of a failure only. */
  readonly reason?: string;
  readonly message: string;
  readonly error: string;
  /** True where nobody wrote the end down and it was concluded from the Job's absence. */
  readonly inferred?: true;
}

export const SEVERITIES = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNKNOWN'] as const;

/** Vulnerabilities by severity, and all together. */
type CveCount = Readonly<Record<(typeof SEVERITIES)[number] | 'CVETOTAL', number>>;

interface Scanner {
  readonly name?: string;
  readonly vendor?: string;
  readonly version?: string;
}

/** One of a report's worst vulnerabilities, for people to read. */
export interface Vulnerability {
  readonly id: string;
  readonly severity: string;
  readonly component?: string;
  readonly fixedIn?: string;
}

/** What a policy said of a run's report. `message` and `error` are the texts of `PolicySucceeded`, already cut. */
export interface Verdict {
  readonly at: Instant;
  readonly policy: { readonly name: string; readonly digest: string; readonly generation?: number };
  readonly verdict: 'passed' | 'failed' | 'error';
  readonly message: string;
  readonly error?: string;
  readonly cveCount?: CveCount;
  readonly scanner?: Scanner;
  readonly worst?: readonly Vulnerability[];
}

/** One run of a scan: what is known of its Job and of what the policy said. */
export interface Run {
  /** The Job's uid. */
  readonly uid: string;
  /** The Job's name. */
  readonly job?: string;
  /** The earliest instant that any fact of the run told; it orders the runs. */
  readonly age: Instant;
  readonly createdAt?: Instant;
  readonly startedAt?: Instant;
  /** The scan's generation the run was started for, where the Job says it. */
  readonly generation?: number;
  readonly finish?: Finish;
  readonly verdict?: Verdict;
}

export type FactType = 'started' | 'finished' | 'evaluated';

/** What one event says: about one scan, one run (a `Run` that holds this fact alone) and one instant. */
export interface Fact {
  readonly scan: ScanRef;
  readonly type: FactType;
  readonly run: Run;
}

/** The fact's own instant: of a start that has not come yet, the creation. */
export const factInstant = ({ type, run }: Pick<Fact, 'type' | 'run'>): Instant => {
  if (type === 'started') return run.startedAt ?? run.age;
  return (type === 'finished' ? run.finish?.at : run.verdict?.at) ?? run.age;
};

/** The finish of a Job that ran to its end. Its texts are the same for all. */
export const completeFinish = (at: Instant): Finish => ({
  at,
  outcome: 'complete',
  message: 'The scan job finished',
  error: '',
});

/** The finish of a Job that failed: `error` is what the sender says of it, else `reason: message`. */
export const failedFinish = (
  at: Instant,
  told: {
    readonly reason?: string | undefined;
    readonly message?: string | undefined;
    readonly error?: string | undefined;
  },
): Finish => {
  const message = cleanText(told.message ?? '') || 'The scan job failed';
  const reason = cutText(cleanText(told.reason ?? ''), REASON_BYTES);
  const error = cleanText(told.error ?? '') || (reason === '' ? message : `${reason}: ${message}`);
  return {
    at,
    outcome: 'failed',
    ...(reason !== '' && { reason }),
    message: cutText(message, MESSAGE_BYTES),
    error: cutText(error, ERROR_BYTES),
  };
};

/** What a run's condition says whose Job was deleted while it ran. */
export const DELETED_MESSAGE = 'The scan job was deleted before it finished';

/** The finish of a Job that was deleted while it ran: nobody wrote an end down. */
export const deletedFinish = (at: Instant): Finish => ({
  ...failedFinish(at, { reason: 'JobDeleted', message: DELETED_MESSAGE }),
  inferred: true,
});

/** What stands in front of the IDs in the message of a verdict that failed. */
export const FAILED_VULNERABILITIES = 'Vulnerabilities that failed OPA policy:';

const VERDICT_MESSAGES: Readonly<Record<Verdict['verdict'], (ids: readonly string[]) => string>> = {
  passed: () => 'No non-compliant vulnerabilities found',
  failed: (ids) => cutList(FAILED_VULNERABILITIES, ids, MESSAGE_BYTES),
  error: () => 'An error has occurred',
};

/** The texts of a verdict: every ID once and in order, as many as fit; `error` only where the evaluation went wrong. */
export const verdictTexts = (
  verdict: Verdict['verdict'],
  violations: readonly string[],
  error: string | undefined,
): Pick<Verdict, 'message' | 'error'> => {
  const ids = [...new Set(violations.map(cleanText))].filter((id) => id !== '').sort();
  const message = VERDICT_MESSAGES[verdict](ids);
  if (verdict !== 'error') return { message };
  return { message, error: cutText(cleanText(error ?? '') || 'The policy could not be evaluated', ERROR_BYTES) };
};

/** The bytes of JSON that a run spends on its worst vulnerabilities, so that five runs fit into a status. */
const WORST_BYTES = 4_096;

/** As many of the worst vulnerabilities, from the first, as a run has room for. */
export const cutWorst = (worst: readonly Vulnerability[]): readonly Vulnerability[] => {
  let bytes = 0;
  return worst.filter((vulnerability) => {
    bytes += textBytes(canonicalJson(vulnerability)) + 1;
    return bytes <= WORST_BYTES;
  });
};
