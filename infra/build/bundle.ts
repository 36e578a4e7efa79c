/** One function's code for one runtime, in files that need nothing beside them but Node. */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type BuildOptions, build, type Metafile, type OutputFile } from 'esbuild';
import { builtIns } from './built-ins.ts';
import { packagePlugins } from './packages.ts';

const ROOT = join(import.meta.dirname, '../..');

export const RUNTIMES = ['lambda', 'knative'] as const;
export type Runtime = (typeof RUNTIMES)[number];

export interface Bundle {
  readonly name: string;
  readonly runtime: Runtime;
  /** The file that Node is started with, or that Lambda imports. */
  readonly entry: string;
  /** Bytes of all its code, without source maps. */
  readonly bytes: number;
  /** Bytes of what is loaded before it is ready, as far as imports say so. */
  readonly bytesAtStart: number;
  /** The files of packages and of the project of which anything is in it, from the project's folder. */
  readonly inputs: readonly string[];
}

/** An evaluation runs in a thread, whose code is a file of its own beside the function's. */
const THREAD = 'shared/policy/evaluation-thread.ts';

const bytesAtStart = ({ outputs }: Metafile, entry: string): number => {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    const output = outputs[file];
    if (output === undefined || seen.has(file)) return;
    seen.add(file);
    for (const { path, kind } of output.imports) if (kind === 'import-statement') visit(path);
  };
  visit(entry);
  return [...seen].reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
};

const inputsOf = ({ outputs }: Metafile): readonly string[] => {
  const files = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  );
  // What a plugin made has a name that is no file's.
  return [...new Set(files)].filter((file) => existsSync(join(ROOT, file))).toSorted();
};

const write = async (files: readonly OutputFile[]): Promise<void> => {
  for (const { path, text } of files) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
};

const OPTIONS = {
  absWorkingDir: ROOT,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  splitting: true,
  minify: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  mainFields: ['module', 'main'],
  // Leaves out the parser of undici that is not the usual one.
  define: { esbuildDetection: '1' },
  plugins: [...packagePlugins, builtIns],
  sourcemap: 'external',
  metafile: true,
  write: false,
  logLevel: 'warning',
} as const satisfies BuildOptions;

const THREADS = 'shared/policy/evaluation-threads.ts';

/** Lambda's runtime brings the AWS SDK along; on Knative the outputs and the tables that need it do not exist. */
const BEYOND: Readonly<Record<Runtime, Pick<BuildOptions, 'external'>>> = {
  lambda: { external: ['@aws-sdk/*'] },
  knative: { external: ['@aws-sdk/client-dynamodb', '@aws-sdk/client-eventbridge', '@aws-sdk/client-sqs'] },
};

/** Bundles the function that has an entry point for this runtime, into a folder of its own in `folder`. */
export const bundle = async (name: string, runtime: Runtime, folder: string): Promise<Bundle> => {
  const outdir = join(folder, runtime, name);
  await rm(outdir, { recursive: true, force: true });
  const entryPoints = { index: `functions/${name}/${runtime}.ts` };
  const options = { ...OPTIONS, ...BEYOND[runtime], outdir };
  const alone = await build({ ...options, entryPoints });
  const { metafile, outputFiles } =
    THREADS in alone.metafile.inputs
      ? await build({ ...options, entryPoints: { ...entryPoints, 'evaluation-thread': THREAD } })
      : alone;
  await write(outputFiles);
  const code = Object.entries(metafile.outputs).filter(([file]) => file.endsWith('.mjs'));
  return {
    name,
    runtime,
    entry: join(outdir, 'index.mjs'),
    bytes: code.reduce((sum, [, { bytes }]) => sum + bytes, 0),
    bytesAtStart: bytesAtStart(metafile, relative(ROOT, join(outdir, 'index.mjs'))),
    inputs: inputsOf(metafile),
  };
};
