/** Asks the real OPA what calls of built-ins are worth. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { termText } from '../../../shared/policy/built-ins/terms.ts';
import { opaTool } from './tools.ts';

export interface Call {
  readonly name: string;
  readonly operands: readonly unknown[];
}

const run = promisify(execFile);

/** JSON as the engine reads and writes it: whole numbers stay whole. */
const exact = (_: string, value: unknown, { source = '' }: { readonly source?: string } = {}): unknown =>
  typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;

/** A value that is written as JSON just so. */
export const rawJson = (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON;

const exactText = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? rawJson(String(value)) : value);

/** A value as it is after it went through JSON. */
export const readBack = (value: unknown): unknown => JSON.parse(JSON.stringify(value, exactText), exact);

const holdsSet = (term: unknown): boolean =>
  term instanceof Set || (typeof term === 'object' && term !== null && Object.values(term).some(holdsSet));

/** One rule for all calls of a built-in: operands come with the input, so OPA cannot refuse them for their types. */
const ruleOf = (name: string, arity: number): string => {
  const operands = Array.from({ length: arity }, (_, at) => `operands[${at}]`).join(', ');
  return `answers[at] := answer if {\n\tsome at, operands in input["${name}"]\n\tanswer := ${name}(${operands})\n}\n`;
};

/** A call as it would stand in a policy, for what JSON cannot say. */
const literalRule = ({ name, operands }: Call, at: number): string =>
  `answers["${at}"] := answer if answer := ${name}(${operands.map(termText).join(', ')})\n`;

const moduleOf = (calls: readonly Call[]): string => {
  const arities = new Map(calls.map(({ name, operands }) => [name, operands.length]));
  const rules = [...arities].map(([name, arity]) => ruleOf(name, arity));
  const literals = calls.flatMap((call, at) => (holdsSet(call.operands) ? [literalRule(call, at)] : []));
  return `package calls\n\n${[...rules, ...literals].join('\n')}`;
};

const answersOf = async (calls: readonly Call[]): Promise<readonly unknown[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'scan-status-opa-'));
  const [module, input] = [join(folder, 'calls.rego'), join(folder, 'input.json')];
  const asked: Record<string, Record<string, unknown>> = {};
  for (const [at, { name, operands }] of calls.entries()) {
    if (holdsSet(operands)) continue;
    asked[name] ??= {};
    asked[name][at] = operands;
  }
  try {
    await writeFile(module, moduleOf(calls));
    await writeFile(input, JSON.stringify(asked, exactText));
    const args = ['eval', '--format', 'raw', '--data', module, '--input', input, 'data.calls.answers'];
    const environment = { ...process.env, TZ: 'UTC' };
    const { stdout } = await run(await opaTool(), args, { maxBuffer: 2 ** 28, env: environment });
    const answers: Record<string, unknown> = JSON.parse(stdout, exact);
    return calls.map((_, at) => answers[at]);
  } finally {
    await rm(folder, { recursive: true });
  }
};

/** More at once take more than proportionally more time. */
const AT_ONCE = 5_000;

/** OPA's answers, in the order of the calls; `undefined` where it has none. */
export const opaAnswers = async (calls: readonly Call[]): Promise<readonly unknown[]> => {
  const answers: unknown[] = [];
  for (let at = 0; at < calls.length; at += AT_ONCE) answers.push(...(await answersOf(calls.slice(at, at + AT_ONCE))));
  return answers;
};
