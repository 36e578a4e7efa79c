/** An evaluation: what it is about, and what comes of it. */
import type { Vulnerability } from '../conditions/facts.ts';
import type { Instant } from '../conditions/instant.ts';
import type { JsonObject } from '../conditions/status.ts';
import { cleanText, cutText, ERROR_BYTES } from '../conditions/text.ts';
import type { ReportFormat } from '../events/report-ready.ts';
import type { Bundle } from './bundle/bundle.ts';
import type { CveCount, Report, Scanner } from './reports/report.ts';

/** A compiled policy, as it is handed to the thread that evaluates it. */
export interface CompiledPolicy {
  /** The bundle's digest, `sha256:…`. */
  readonly digest: string;
  readonly module: WebAssembly.Module;
  /** As the bundle's manifest lists them; without a manifest the module's own. */
  readonly entrypoints?: readonly string[];
  readonly data?: JsonObject;
}

/** A bundle and its module, as the thread needs them. */
export const compiledPolicy = ({ digest, entrypoints, data }: Bundle, module: WebAssembly.Module): CompiledPolicy => ({
  digest,
  module,
  ...(entrypoints && { entrypoints }),
  ...(data && { data }),
});

/** In which way the policy sees vulnerabilities in reports of one format; `undefined`: in none. */
export interface Canary {
  readonly judge: number | undefined;
}

export interface Evaluating {
  readonly policy: CompiledPolicy;
  readonly report: Uint8Array;
  /** Told by the report's content where it is absent. */
  readonly format?: ReportFormat;
  /** The policy's clock: the same request has the same verdict whenever it is evaluated. */
  readonly evaluatedAt: Instant;
  readonly scan?: JsonObject;
  /** Whether a verdict that the scan's pod gave itself is believed (`scan-result` reports). */
  readonly trustsPodVerdicts: boolean;
  /** Whether a policy that sees no vulnerability in a canary is an error, and not only a warning. */
  readonly canaryIsStrict: boolean;
  /** Bytes of memory that the policy may take. */
  readonly memory: number;
  /** Bytes of heap that there are for all else. */
  readonly heap: number;
  /** What is known from before of this policy and format. */
  readonly canaries: Readonly<Partial<Record<ReportFormat, Canary>>>;
}

/** A question about a policy alone: in which formats does it deny nothing that is planted there? */
export interface Probing {
  readonly policy: CompiledPolicy;
  readonly memory: number;
  readonly heap: number;
}

/** As the event `policy-evaluated` and the command `evaluate` tell it. */
export interface Evaluation {
  readonly verdict: 'passed' | 'failed' | 'error';
  /** The IDs that violate the policy, each once, sorted. */
  readonly violations: readonly string[];
  readonly cveCount?: CveCount;
  readonly scanner?: Scanner;
  /** The worst of the violations. */
  readonly worst?: readonly Vulnerability[];
  readonly warnings?: readonly string[];
  readonly error?: string;
  /** Whether circumstances ended it, as a busy machine may: the same request may yet get another verdict. Not told on. */
  readonly isProvisional?: true;
}

/** An evaluation, and what was learnt of the policy; of a probe that alone. */
export interface Evaluated {
  readonly evaluation: Evaluation;
  readonly learnt?: { readonly format: ReportFormat; readonly canary: Canary };
}

/** What a report tells beside its findings. */
export const told = ({ cveCount, scanner }: Report): Pick<Evaluation, 'cveCount' | 'scanner'> => ({
  cveCount,
  ...(scanner && { scanner }),
});

/** A policy's own text, which may be of any length and have any lines, in so many bytes. */
export const oneLine = (text: string, bytes: number): string =>
  cutText(cleanText(text.slice(0, bytes)).replaceAll('\n', ' '), bytes);

/** The verdict `error`, with what the report told all the same. */
export const evaluationError = (error: string, report?: Report): Evaluation => ({
  verdict: 'error',
  violations: [],
  ...(report && told(report)),
  error: oneLine(error, ERROR_BYTES),
});
