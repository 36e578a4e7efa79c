/** `npm run build`: every function for every runtime into dist/, with what each weighs and how long it takes to start. */
import { Console } from 'node:console';
import { existsSync, readdirSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bundle, bundle, RUNTIMES } from './bundle.ts';
import { type ColdStart, coldStarts } from './cold-start.ts';
import { licenceList } from './licences.ts';

const ROOT = join(import.meta.dirname, '../..');
const DIST = join(ROOT, 'dist');

/** The functions that start with every event, and are held to a budget. */
export const QUICK = ['job-started', 'job-finished', 'policy-evaluated', 'alert'];
export const MOST_BYTES = 700_000;
const MOST_MILLISECONDS = 60;

/** `node dist/knative/<function>.mjs` starts it. */
const startFile = (name: string): string => `import './${name}/index.mjs';\n`;

const isHeld = ({ name }: Bundle): boolean => QUICK.includes(name);

/** The functions there are: their folders. */
export const functionNames = (): readonly string[] =>
  readdirSync(join(ROOT, 'functions'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted();

/** Bundles functions into `folder`, with the licences of what is in each. */
export const bundleAll = async (folder: string, names = functionNames()): Promise<readonly Bundle[]> => {
  await rm(folder, { recursive: true, force: true });
  const bundles: Bundle[] = [];
  for (const runtime of RUNTIMES) {
    for (const name of names) {
      if (!existsSync(join(ROOT, 'functions', name, `${runtime}.ts`))) continue;
      const made = await bundle(name, runtime, folder);
      await writeFile(join(folder, runtime, name, 'LICENSES.txt'), licenceList(made.inputs));
      if (runtime === 'knative') await writeFile(join(folder, runtime, `${name}.mjs`), startFile(name));
      bundles.push(made);
    }
  }
  return bundles;
};

const kilobytes = (bytes: number): string => `${(bytes / 1_000).toFixed(0)} kB`;

const printTable = (bundles: readonly Bundle[], starts: readonly ColdStart[]): void => {
  new Console(process.stdout).table(
    bundles.map((one) => {
      const own = starts.filter(({ bundle: of }) => of === one);
      const times = own.map(({ path, least, median }) => [path, `${median.toFixed(0)} ms (least ${least.toFixed(0)})`]);
      return {
        function: one.name,
        runtime: one.runtime,
        'all code': kilobytes(one.bytes),
        'at start': kilobytes(one.bytesAtStart),
        ...Object.fromEntries(times),
      };
    }),
  );
};

/** What is over the budget, in words. */
export const excesses = (bundles: readonly Bundle[], starts: readonly ColdStart[]): readonly string[] => [
  ...bundles.flatMap((one) =>
    isHeld(one) && one.bytes > MOST_BYTES
      ? [`${one.runtime}/${one.name} has ${kilobytes(one.bytes)}; the budget is ${kilobytes(MOST_BYTES)}`]
      : [],
  ),
  // The least is what the machine can do while nobody else keeps it busy.
  ...starts.flatMap(({ bundle: { name, runtime }, path, least }) =>
    least > MOST_MILLISECONDS
      ? [
          `${runtime}/${name} (${path}) takes ${least.toFixed(0)} ms above bare Node; the budget is ${MOST_MILLISECONDS} ms`,
        ]
      : [],
  ),
];

const main = async (): Promise<void> => {
  const bundles = await bundleAll(DIST);
  const starts = process.argv.includes('--unmeasured')
    ? []
    : await coldStarts(bundles.filter(isHeld), MOST_MILLISECONDS);
  printTable(bundles, starts);
  const over = excesses(bundles, starts);
  for (const line of over) process.stderr.write(`${line}\n`);
  process.exitCode = over.length > 0 ? 1 : 0;
};

if (import.meta.main) await main();
