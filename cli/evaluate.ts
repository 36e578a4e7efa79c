/** Evaluates a policy over a report on this machine, as `evaluate-policy` does: for those who write policies. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { type Instant, instantAt } from '../shared/conditions/instant.ts';
import { REPORT_FORMATS, type ReportFormat } from '../shared/events/report-ready.ts';
import { type Bundle, bundleDigest, readBundle } from '../shared/policy/bundle/bundle.ts';
import { compiledModules } from '../shared/policy/bundle/compiled.ts';
import { UnusableBundle } from '../shared/policy/bundle/unusable-bundle.ts';
import { compiledPolicy, type Evaluation, evaluationError } from '../shared/policy/evaluation.ts';
import { startEvaluator } from '../shared/policy/evaluator.ts';
import { publicKeysIn } from '../shared/policy/key-files.ts';
import { workingFolder } from '../shared/runtime/config.ts';
import { readPolicySettings } from '../shared/runtime/config-policies.ts';
import { oneOf, run, UsageError } from './command.ts';
import { createOutput } from './output.ts';

const USAGE = `Usage: npm run -s evaluate -- --policy BUNDLE --report FILE [--format FORMAT]

  --policy BUNDLE   a compiled policy: the tar.gz of opa build -t wasm, or its policy.wasm
  --report FILE     a report; - is standard input
  --format FORMAT   ${REPORT_FORMATS.join(', ')};
                    without it the report's content tells

Prints the verdict as JSON. Ends with 0 where it passed, 1 where it failed, 2 where it could not be evaluated.`;

const OPTIONS = {
  policy: { type: 'string' },
  report: { type: 'string' },
  format: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const EXIT: Readonly<Record<Evaluation['verdict'], number>> = { passed: 0, failed: 1, error: 2 };

const bytesOf = async (option: string, file: string | undefined): Promise<Uint8Array> => {
  if (file === undefined) throw new UsageError(`${option}: name a file`);
  if (file === '-') return buffer(process.stdin);
  try {
    return await readFile(resolve(workingFolder('evaluate'), file));
  } catch (cause) {
    throw new UsageError(`${file}: cannot be read`, { cause });
  }
};

const formatOf = (text: string | undefined): { readonly format?: ReportFormat } => {
  if (text === undefined) return {};
  oneOf('--format', text, REPORT_FORMATS);
  return { format: text as ReportFormat };
};

const bundleOf = async (bytes: Uint8Array, keyFiles: readonly string[]): Promise<Bundle> => {
  if (keyFiles.length === 0) return readBundle(bytes);
  return readBundle(bytes, { verifyKeys: { publicKeys: await publicKeysIn(keyFiles)() } });
};

/** The verdict; a bundle that cannot be used is one as well. */
const evaluate = async (
  bytes: Uint8Array,
  report: Uint8Array,
  format: { readonly format?: ReportFormat },
): Promise<Evaluation> => {
  const settings = readPolicySettings();
  const evaluator = startEvaluator(settings);
  try {
    const bundle = await bundleOf(bytes, settings.bundleKeys);
    const policy = compiledPolicy(bundle, await compiledModules()(bundle));
    return await evaluator.evaluate({ policy, report, evaluatedAt: instantAt(Date.now()) as Instant, ...format });
  } catch (error) {
    if (error instanceof UnusableBundle) return evaluationError(error.message);
    throw error;
  } finally {
    await evaluator.close();
  }
};

const main = async (args: readonly string[]): Promise<number> => {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const format = formatOf(values.format);
  const bundle = await bytesOf('--policy', values.policy);
  const { isProvisional: _, ...evaluation } = await evaluate(bundle, await bytesOf('--report', values.report), format);
  const output = createOutput(process.stdout);
  await output.write(`${JSON.stringify({ policy: { digest: bundleDigest(bundle) }, ...evaluation }, undefined, 2)}\n`);
  await output.end();
  return EXIT[evaluation.verdict];
};

await run(USAGE, main);
