/**
 * The three contracts between a report and a policy: what the policy is asked, and what its answers mean.
 *
 * Which one holds is told by the entrypoints that the policy was compiled with. An answer of another shape than the
 * contract's is a failure, never a pass.
 */
import type { ReportFormat } from '../events/report-ready.ts';
import type { Judge } from './judge.ts';
import { MAIN, underBom, wholeDocument } from './judge-document.ts';
import { eachFinding, POLICIES } from './judge-each-finding.ts';
import { SCAN, wholeReport } from './judge-report.ts';
import { PolicyFailure } from './policy-failure.ts';
import { printable } from './reports/quote.ts';

export interface Contract {
  readonly entrypoint: string;
  /** The ways to show the policy a report of this format; the first in which it sees vulnerabilities is the right one. */
  readonly judges: (format: ReportFormat) => readonly [Judge, ...Judge[]];
}

const CONTRACTS: readonly Contract[] = [
  { entrypoint: POLICIES, judges: () => [eachFinding] },
  // XML has its root element, bom, of itself. JSON has none: policies over CycloneDX look there nevertheless, or not.
  { entrypoint: MAIN, judges: (format) => (format === 'cyclonedx-json' ? [underBom, wholeDocument] : [wholeDocument]) },
  { entrypoint: SCAN, judges: () => [wholeReport] },
];

/** The entrypoints that a policy may be compiled with, one for each contract. */
export const ENTRYPOINTS: readonly string[] = CONTRACTS.map(({ entrypoint }) => entrypoint);

const MOST_SHOWN = 10;

const listOf = (entrypoints: readonly string[]): string => {
  if (entrypoints.length === 0) return 'none';
  const shown = [...entrypoints]
    .sort()
    .slice(0, MOST_SHOWN)
    .map((name) => printable(name));
  const more = entrypoints.length - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
};

/** The contract that a policy of these entrypoints keeps. Throws `PolicyFailure` where it is none that we know, or several. */
export const contractOf = (entrypoints: readonly string[]): Contract => {
  const kept = CONTRACTS.filter(({ entrypoint }) => entrypoints.includes(entrypoint));
  const [contract] = kept;
  if (contract !== undefined && kept.length === 1) return contract;
  const wanted = `${ENTRYPOINTS.join(', ')}${kept.length > 1 ? ' alone' : ''}`;
  throw new PolicyFailure(`the policy's entrypoints must be one of ${wanted}, and are ${listOf(entrypoints)}`);
};
