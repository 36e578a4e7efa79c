/** Compiles a policy in Rego, or tells what is wrong with it: what `compile-policy` does to a ScanPolicy, by hand. */
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type CompiledRego, compileRego } from '../shared/policy/compile.ts';
import { DoesNotCompile } from '../shared/policy/opa-check.ts';
import { workingFolder } from '../shared/runtime/config.ts';
import { readOpaSetting } from '../shared/runtime/config-policies.ts';
import { run, UsageError } from './command.ts';

const USAGE = `Usage: npm run -s policy -- build FILE [-o BUNDLE]
       npm run -s policy -- check FILE                  (FILE: a policy in Rego, of one file)

  build            compile it to a bundle, and print its digest
  check            only tell whether it compiles
  -o BUNDLE        the bundle's file; without it bundle.tar.gz`;

const OPTIONS = {
  output: { type: 'string', short: 'o' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const COMMANDS = ['build', 'check'];

const textOf = async (file: string): Promise<string> => {
  try {
    return await readFile(resolve(workingFolder('policy'), file), 'utf8');
  } catch (cause) {
    throw new UsageError(`${file}: cannot be read`, { cause });
  }
};

const tell = ({ entrypoint, regoVersion, digest }: CompiledRego, file: string): void =>
  void process.stdout.write(`${file}: ${entrypoint}, in Rego ${regoVersion}\n${digest}\n`);

const main = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
    strict: true,
  });
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const [command = '', file, ...more] = positionals;
  if (!COMMANDS.includes(command)) throw new UsageError('say build or check');
  if (file === undefined || more.length > 0) throw new UsageError('FILE: name one');
  if (command === 'check' && values.output !== undefined) throw new UsageError('-o: check writes nothing');
  const text = await textOf(file);
  try {
    const compiled = await compileRego(text, { opa: readOpaSetting() });
    const { output = 'bundle.tar.gz' } = values;
    if (command === 'build') writeFileSync(resolve(workingFolder('policy'), output), compiled.bundle);
    tell(compiled, file);
    return 0;
  } catch (error) {
    if (!(error instanceof DoesNotCompile)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
};

await run(USAGE, main);
