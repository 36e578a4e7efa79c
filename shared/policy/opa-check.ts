/**
 * What is wrong with a policy's text, in the compiler's own words.
 *
 * What a policy must not use is refused here already: built-ins whose answer is not the same each time, and schemas from
 * elsewhere, which the compiler would fetch.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { cleanText, cutText, ERROR_BYTES } from '../conditions/text.ts';
import { Unavailable } from '../scans/unavailable.ts';
import type { RunOpa } from './opa-process.ts';

/** The text is no policy; the message is the compiler's, in which the text is called policy.rego. */
export class DoesNotCompile extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(cutText(cleanText(problem), ERROR_BYTES), options);
    this.name = 'DoesNotCompile';
  }
}

export type RegoVersion = 'v0' | 'v1';

/** One folder, with a text that is read as one version of Rego. */
export interface Reading {
  readonly version: RegoVersion;
  readonly run: RunOpa;
  readonly folder: string;
}

/** The text's file, and the file that says what it may use. */
export const FILE = 'policy.rego';
export const CAPABILITIES = 'capabilities.json';

/** The options that make `opa` read a version of Rego. */
export const FLAGS: Readonly<Record<RegoVersion, readonly string[]>> = { v1: [], v0: ['--v0-compatible'] };

/** Its answer is not the same each time either, but in an evaluation the clock stands. */
const CLOCK = 'time.now_ns';
const PARSE_ERROR = 'rego_parse_error';

const capabilities = z.looseObject({
  builtins: z.array(z.looseObject({ name: z.string(), nondeterministic: z.boolean().default(false) })),
});
const problems = z.object({
  errors: z.array(
    z.object({
      message: z.string(),
      code: z.string().default('error'),
      location: z.object({ row: z.number(), col: z.number() }).default({ row: 0, col: 0 }),
    }),
  ),
});

type Problem = z.infer<typeof problems>['errors'][number];

/** What `opa` prints as JSON. Throws `Unavailable` where it prints something else: then it is another program. */
export const printed = <T>(schema: z.ZodType<T>, text: string): T => {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const problem = 'the compiler does not answer as opa does; set OPA_BIN to the program opa, 1.0 or newer';
    throw new Unavailable(problem, { cause });
  }
};

/** Writes down what a policy may use; answers what the compiler says of built-ins that it may not. */
const writeCapabilities = async ({ version, run, folder }: Reading): Promise<ReadonlySet<string>> => {
  const { stdout } = await run('capabilities', '--current', ...FLAGS[version]);
  const { builtins, ...others } = printed(capabilities, stdout);
  const [refused = [], allowed = []] = [true, false].map((isRefused) =>
    builtins.filter(({ name, nondeterministic }) => (nondeterministic && name !== CLOCK) === isRefused),
  );
  await writeFile(join(folder, CAPABILITIES), JSON.stringify({ ...others, builtins: allowed, allow_net: [] }));
  return new Set(refused.map(({ name }) => `undefined function ${name}`));
};

/** What is wrong with the text in this version; nothing where it is well. */
export const check = async (reading: Reading): Promise<readonly Problem[]> => {
  const refused = await writeCapabilities(reading);
  const flags = ['--format', 'json', '--capabilities', CAPABILITIES, ...FLAGS[reading.version]];
  const { code, stderr } = await reading.run('check', ...flags, FILE);
  if (code === 0) return [];
  const hint = ' (OPA has it, but a policy may not use it)';
  return printed(problems, stderr).errors.map((problem) =>
    refused.has(problem.message) ? { ...problem, message: problem.message + hint } : problem,
  );
};

/** How far into the text the parser got: the row at which it gave up; without end where it read all. */
export const reached = (found: readonly Problem[]): number =>
  Math.min(...found.filter(({ code }) => code === PARSE_ERROR).map(({ location }) => location.row));

/** A line a problem. */
export const wordsOf = (found: readonly Problem[]): string =>
  found
    .map(
      ({ message, code, location: { row, col } }) => `${FILE}:${row === 0 ? '' : `${row}:${col}:`} ${code}: ${message}`,
    )
    .join('\n');
