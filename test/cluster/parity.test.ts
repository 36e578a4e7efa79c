/**
 * Our verdicts, held against the real OPA: the same policy in Rego, the same input, the same violations.
 *
 * What OPA is asked is made here anew from what the generated reports are known to hold, with nothing of our contracts.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { type Instant, instantAt } from '../../shared/conditions/instant.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import type { ReportFormat } from '../../shared/events/report-ready.ts';
import { readBundle } from '../../shared/policy/bundle/bundle.ts';
import { compiledModules } from '../../shared/policy/bundle/compiled.ts';
import { compileRego } from '../../shared/policy/compile.ts';
import { type CompiledPolicy, compiledPolicy, type Evaluation } from '../../shared/policy/evaluation.ts';
import { EVALUATOR_DEFAULTS, startEvaluator } from '../../shared/policy/evaluator.ts';
import { namedIds } from '../../shared/policy/named-ids.ts';
import { parseReport } from '../../shared/policy/reports/read-report.ts';
import type { Finding } from '../../shared/policy/reports/report.ts';
import { worstSeverity } from '../../shared/policy/reports/severity.ts';
import { reportArbitrary } from '../support/reports.ts';
import type { GeneratedReport } from '../support/reports-parts.ts';
import { COMPONENTS, EACH_VULNERABILITY, RELATIONSHIPS, SETS } from './support/known-policies.ts';
import { opaTool } from './support/tools.ts';

jest.setTimeout(120_000);

const REPORTS = 200;
const SEED = 20_261_124;
const JSON_FORMATS: readonly ReportFormat[] = ['cyclonedx-json', 'trivy', 'grype', 'spdx-json', 'sarif'];
const ALL_FORMATS: readonly ReportFormat[] = [...JSON_FORMATS, 'cyclonedx-xml'];

const POLICIES = new URL('../../infra/policies/', import.meta.url);
const examples = readdirSync(POLICIES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => ({ name, rego: readFileSync(new URL(`${name}/policy.rego`, POLICIES), 'utf8') }));

interface Case {
  readonly name: string;
  readonly rego: string;
  /** All that it could be asked about, where none are named. */
  readonly formats?: readonly ReportFormat[];
}

const known: readonly Case[] = [
  { name: 'sets', rego: SETS },
  { name: 'each vulnerability (v0)', rego: EACH_VULNERABILITY },
  { name: 'components (v0)', rego: COMPONENTS, formats: ['cyclonedx-xml'] },
  { name: 'relationships (v0)', rego: RELATIONSHIPS, formats: ['spdx-json'] },
];

/** What is written for one format sees nothing in others, and so would compare nothing. */
const FITTING: Readonly<Record<string, readonly ReportFormat[]>> = { cyclonedx: ['cyclonedx-json', 'cyclonedx-xml'] };

const CASES = [...examples, ...known].flatMap(({ name, rego, formats = FITTING[name] ?? ALL_FORMATS }: Case) =>
  formats.map((format) => ({ name, rego, format })),
);

const CAPITALISED = {
  CRITICAL: 'Critical',
  HIGH: 'High',
  MEDIUM: 'Medium',
  LOW: 'Low',
  UNKNOWN: 'UnknownSeverity',
} as const;

const evaluator = startEvaluator({ ...EVALUATOR_DEFAULTS, deadline: 60_000 });
const evaluatedAt = instantAt(Date.now()) as Instant;
const folder = mkdtempSync(join(tmpdir(), 'scan-status-parity-'));
const opa = promisify(execFile);
let program = '';

beforeAll(async () => {
  program = await opaTool();
});
afterAll(async () => {
  await evaluator.close();
  rmSync(folder, { recursive: true });
});

const samples = new Map(
  ALL_FORMATS.map((format) => [format, fc.sample(reportArbitrary(format), { seed: SEED, numRuns: REPORTS })]),
);

interface Compiled {
  readonly rego: string;
  readonly entrypoint: string;
  readonly version: 'v0' | 'v1';
  readonly policy: CompiledPolicy;
}

const compile = async (rego: string): Promise<Compiled> => {
  const { bundle: bytes, entrypoint, regoVersion } = await compileRego(rego, { opa: program });
  const bundle = await readBundle(bytes);
  return { rego, entrypoint, version: regoVersion, policy: compiledPolicy(bundle, await compiledModules()(bundle)) };
};

/** What OPA answers to each of many inputs, by their place; what is undefined is not there. */
const answersOf = async (
  { rego, entrypoint, version }: Compiled,
  inputs: readonly JsonObject[],
): Promise<JsonObject> => {
  const [policyFile, inputFile] = [join(folder, 'policy.rego'), join(folder, 'input.json')];
  writeFileSync(policyFile, rego);
  writeFileSync(inputFile, JSON.stringify(inputs));
  const rule = `data.${entrypoint.replace('/', '.')}`;
  const query = `{sprintf("%d", [i]): answer | input[i] = one; answer := ${rule} with input as one}`;
  const flags = version === 'v0' ? ['--v0-compatible'] : [];
  const args = ['eval', '--format', 'raw', ...flags, '--data', policyFile];
  const { stdout } = await opa(program, [...args, '--input', inputFile, query], { maxBuffer: 2 ** 28 });
  return JSON.parse(stdout);
};

/** What comes of a report: its violations, or `undefined` where there is no verdict. */
type Found = readonly string[] | undefined;

const sorted = (ids: readonly string[]): readonly string[] => [...new Set(ids)].sort();

const NOTHING = /^(?:negligible|none|info|informational)$/i;

/** A vulnerability as `package policies` is asked about it. */
const currentVulnerability = (finding: Finding): JsonObject => ({
  currentVulnerability: {
    Id: finding.id,
    Severity: CAPITALISED[finding.severity],
    Ratings: {
      Rating: finding.ratings.map((rating) => ({
        Severity: NOTHING.test(rating.severity ?? '') ? 'Negligible' : CAPITALISED[worstSeverity([rating])],
        ...(rating.score !== undefined && { Score: { Base: rating.score } }),
        ...(rating.method !== undefined && { Method: rating.method }),
        ...(rating.vector !== undefined && { Vector: rating.vector }),
      })),
    },
    Component: finding.component ?? '',
    Version: finding.version ?? '',
    FixedIn: finding.fixedIn ?? '',
    Description: finding.description ?? '',
  },
});

const wholeReport = ({ text, violations: _, ...report }: GeneratedReport): JsonObject => {
  const { findings, ...told } = report;
  return { ...told, vulnerabilities: findings };
};

const wholeDocument = ({ format, text }: GeneratedReport): JsonObject => {
  if (format === 'cyclonedx-xml') return parseReport(Buffer.from(text), format).document as JsonObject;
  const document = JSON.parse(text.replace(/^\ufeff/, ''));
  return format === 'cyclonedx-json' ? { bom: document } : document;
};

/** By its entrypoint: what OPA finds in each report. */
const FOUND: Readonly<Record<string, (compiled: Compiled, reports: readonly GeneratedReport[]) => Promise<Found[]>>> = {
  'policies/isCompliant': async (compiled, reports) => {
    const all = reports.flatMap(({ findings }) => findings);
    const answers = await answersOf(compiled, all.map(currentVulnerability));
    let at = 0;
    return reports.map(({ findings }) => {
      const asked = findings.map(({ id }) => ({ id, answer: answers[at++] }));
      if (asked.some(({ answer }) => typeof answer !== 'boolean')) return undefined;
      return sorted(asked.filter(({ answer }) => answer === false).map(({ id }) => id));
    });
  },
  'main/deny': async (compiled, reports) => {
    const answers = await answersOf(compiled, reports.map(wholeDocument));
    return reports.map(({ findings }, at) => {
      const named = namedIds(new Set(findings.map(({ id }) => id)));
      return (answers[at] as readonly string[] | undefined)?.flatMap(named);
    });
  },
  'scan/violations': async (compiled, reports) => {
    const answers = await answersOf(compiled, reports.map(wholeReport));
    return reports.map((_, at) => (answers[at] as readonly { readonly id: string }[] | undefined)?.map(({ id }) => id));
  },
};

const foundIn = ({ verdict, violations }: Evaluation): Found => (verdict === 'error' ? undefined : violations);

describe('a verdict of ours is that of OPA', () => {
  it.each(CASES)(`of $name, in ${REPORTS} reports in $format`, async ({ rego, format }) => {
    const compiled = await compile(rego);
    const reports = samples.get(format) ?? [];
    const theirs = await FOUND[compiled.entrypoint]?.(compiled, reports);
    const told: Evaluation[] = [];
    for (const { text } of reports)
      told.push(await evaluator.evaluate({ policy: compiled.policy, report: Buffer.from(text), format, evaluatedAt }));
    for (const [at, evaluation] of told.entries()) {
      const found = theirs?.[at];
      expect({ at, error: evaluation.error, found: foundIn(evaluation) }).toEqual({
        at,
        error: evaluation.error,
        found: found && sorted(found),
      });
    }
    // Else the comparison would say nothing.
    expect(told.some(({ verdict }) => verdict === 'failed')).toBe(true);
    expect(told.some(({ verdict }) => verdict === 'passed')).toBe(true);
  });
});
