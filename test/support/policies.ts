/** Compiled policies for tests, and reports for them. */
import { readFileSync } from 'node:fs';
import { type Instant, parseInstant } from '../../shared/conditions/instant.ts';
import { readBundle } from '../../shared/policy/bundle/bundle.ts';
import { compiledModules } from '../../shared/policy/bundle/compiled.ts';
import { evaluate } from '../../shared/policy/evaluate.ts';
import {
  type CompiledPolicy,
  compiledPolicy,
  type Evaluated,
  type Evaluating,
  type Evaluation,
} from '../../shared/policy/evaluation.ts';

export const AT = parseInstant('2026-11-23T05:51:52Z') as Instant;
export const MEBIBYTE = 2 ** 20;

const modules = compiledModules();

/** The file of a bundle among the fixtures. */
export const policyFile = (name: string): string =>
  new URL(`../policy/fixtures/${name}.tar.gz`, import.meta.url).pathname;

export const policyNamed = async (name: string): Promise<CompiledPolicy> => {
  const bundle = await readBundle(readFileSync(policyFile(name)));
  return compiledPolicy(bundle, await modules(bundle));
};

export interface ToldVulnerability {
  readonly id: string;
  /** Severities, one a rating. */
  readonly severities?: readonly string[];
  readonly description?: string;
}

/** A report in CycloneDX JSON about an artifact of this name, or of none. */
export const cyclonedx = (vulnerabilities: readonly ToldVulnerability[], artifact?: string): Uint8Array =>
  Uint8Array.from(
    Buffer.from(
      JSON.stringify({
        bomFormat: 'CycloneDX',
        specVersion: '1.5',
        ...(artifact !== undefined && { metadata: { component: { type: 'container', name: artifact } } }),
        vulnerabilities: vulnerabilities.map(({ id, severities = [], description }) => ({
          id,
          ratings: severities.map((severity) => ({ severity })),
          ...(description !== undefined && { description }),
        })),
      }),
    ),
  );

/** A critical vulnerability, and a low one. */
export const TWO: readonly ToldVulnerability[] = [
  { id: 'CVE-2024-1', severities: ['critical'] },
  { id: 'CVE-2024-2', severities: ['low'] },
];

/** Evaluates here, in no thread of its own. */
export const evaluated = (
  policy: CompiledPolicy,
  report: Uint8Array | string,
  options: Partial<Omit<Evaluating, 'policy' | 'report'>> = {},
): Evaluated =>
  evaluate({
    policy,
    report: Uint8Array.from(Buffer.from(report)),
    evaluatedAt: AT,
    trustsPodVerdicts: false,
    canaryIsStrict: false,
    memory: 128 * MEBIBYTE,
    heap: 512 * MEBIBYTE,
    canaries: {},
    ...options,
  });

export const evaluationOf = (...of: Parameters<typeof evaluated>): Evaluation => evaluated(...of).evaluation;
