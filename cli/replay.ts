/**
 * Replays recorded events: what would the scans say, and why?
 *
 * Without `--apply` it runs into a fresh memory store and changes nothing.
 */
import { createReadStream, createWriteStream, mkdtempSync, rmSync, type Stats, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { allFunctions } from '../functions/all.ts';
import { type Instant, parseInstant } from '../shared/conditions/instant.ts';
import { readLines, STANDARD_INPUT } from '../shared/replay/lines.ts';
import { jsonReport, type Report, textReport } from '../shared/replay/report.ts';
import { leavesOut, replay, type Selection, selectsScan } from '../shared/replay/run.ts';
import { readScope, workingFolder } from '../shared/runtime/config.ts';
import { readStoreSettings } from '../shared/runtime/config-cluster.ts';
import { type OpenStore, openStore } from '../shared/runtime/open-store.ts';
import { memoryStore } from '../shared/scans/memory.ts';
import type { StoredScan } from '../shared/scans/store.ts';
import { oneOf, run, UsageError } from './command.ts';
import { readKind } from './kind.ts';
import { createOutput } from './output.ts';
import { startProgress } from './progress.ts';

const USAGE = `Usage: npm run -s replay -- FILE… [options]      (FILE: one record a line; - is standard input)

  --apply                        write into the store, instead of a fresh memory store
  --store embedded|kubernetes    the store to write into; without it the one that is configured
  --scan [KIND/]NAMESPACE/NAME   only events about this scan
  --type T                       only events of this type
  --since T, --until T           only facts from, and up to, this instant (RFC 3339)
  --shuffle SEED                 in the order that SEED decides
  --repeat N                     every record N times
  --events                       list all events, not only the bad ones (text)
  -o text|json                   how to report`;

const OPTIONS = {
  apply: { type: 'boolean', default: false },
  store: { type: 'string' },
  scan: { type: 'string' },
  type: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  shuffle: { type: 'string' },
  repeat: { type: 'string', default: '1' },
  events: { type: 'boolean', default: false },
  output: { type: 'string', short: 'o', default: 'text' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const parse = (args: readonly string[]) =>
  parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });

type Values = ReturnType<typeof parse>['values'];

const instantOption = (option: '--since' | '--until', text: string | undefined): { readonly instant?: Instant } => {
  if (text === undefined) return {};
  const instant = parseInstant(text);
  if (instant === undefined)
    throw new UsageError(`${option}: must be an RFC 3339 date-time, such as 2026-11-23T05:51:52Z`);
  return { instant };
};

const scanOption = (text: string): NonNullable<Selection['scan']> => {
  const [name = '', namespace = '', kind, ...more] = text.split('/').reverse();
  if (name === '' || namespace === '' || kind === '' || more.length > 0)
    throw new UsageError('--scan: must be [KIND/]NAMESPACE/NAME');
  return { namespace, name, ...(kind !== undefined && { kind: readKind('--scan', kind) }) };
};

const selectionOf = ({ scan, type, since, until }: Values): Selection => {
  const { instant: first } = instantOption('--since', since);
  const { instant: last } = instantOption('--until', until);
  return {
    ...(scan !== undefined && { scan: scanOption(scan) }),
    ...(type !== undefined && { type }),
    ...(first !== undefined && { since: first }),
    ...(last !== undefined && { until: last }),
  };
};

const repeatOption = (text: string): number => {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageError('--repeat: must be a whole number from 1 to 999999');
  return Number(text);
};

const statOf = (file: string): Stats => {
  try {
    return statSync(file);
  } catch (cause) {
    throw new UsageError(`${file}: cannot be read`, { cause });
  }
};

const sizeOf = (file: string): number => {
  const stats = statOf(file);
  if (stats.isDirectory()) throw new UsageError(`${file}: is a folder`);
  return stats.size;
};

/** Whether a file can be read only once and in its order, as a pipe can. */
const isStream = (file: string): boolean => file === STANDARD_INPUT || statOf(file).isFIFO();

/** Puts the streams among `files` into files of `folder`, because they are needed more than once or out of order. */
const spoolStreams = async (files: readonly string[], folder: string): Promise<readonly string[]> => {
  const spooled = new Map<string, string>();
  for (const file of new Set(files.filter(isStream))) {
    const copy = join(folder, `${spooled.size}`);
    await pipeline(file === STANDARD_INPUT ? process.stdin : createReadStream(file), createWriteStream(copy));
    spooled.set(file, copy);
  }
  return files.map((file) => spooled.get(file) ?? file);
};

async function* onlySelected(scans: AsyncIterable<StoredScan>, selection: Selection): AsyncGenerator<StoredScan> {
  for await (const stored of scans) if (selectsScan(selection, stored.scan)) yield stored;
}

const storeOption = (text: string | undefined): { readonly asked?: 'embedded' | 'kubernetes' } => {
  if (text === undefined) return {};
  if (text !== 'embedded' && text !== 'kubernetes') throw new UsageError('--store: must be embedded or kubernetes');
  return { asked: text };
};

/** Where it is replayed into; what a dry run does stays in memory, and asks nobody. */
const openTarget = async ({ apply, store }: Values): Promise<Pick<OpenStore, 'store' | 'confirm'>> =>
  apply ? openStore(storeOption(store)) : { store: memoryStore(readStoreSettings()) };

const reportOf = ({ output, events }: Values, write: (text: string) => Promise<void>, files: number): Report =>
  output === 'json' ? jsonReport(write, files > 1) : textReport(write, files > 1, events);

const replayFiles = async (files: readonly string[], values: Values): Promise<number> => {
  const selection = selectionOf(values);
  const repeat = repeatOption(values.repeat);
  const scope = readScope();
  const total = files.reduce((sum, file) => sum + (file === STANDARD_INPUT ? 0 : sizeOf(file)), 0) * repeat;
  const { store, confirm } = await openTarget(values);
  const output = createOutput(process.stdout);
  const report = reportOf(values, output.write, files.length);
  const progress = startProgress(total, values.shuffle !== undefined);
  // Only what is applied is held to the clock: in a dry run the past may have been wrong about the future.
  const live = { ...(values.apply && { now: Date.now }), ...(confirm && { confirm }) };
  const services = { store, scope, passesOver: leavesOut(selection), ...live };
  const summary = await replay(readLines(files, repeat, values.shuffle), allFunctions, services, {
    event: report.event,
    progress: progress.at,
  });
  progress.stop();
  await report.finish(onlySelected(store.list(), selection), summary);
  await output.end();
  store.close();
  return summary.rejected + summary.unavailable > 0 ? 1 : 0;
};

const main = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parse(args);
  if (values.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  if (positionals.length === 0) throw new UsageError('FILE: name at least one');
  oneOf('-o', values.output, ['text', 'json']);
  storeOption(values.store);
  const files = positionals.map((file) => (file === STANDARD_INPUT ? file : resolve(workingFolder('replay'), file)));
  const isReadAgain = values.shuffle !== undefined || values.repeat !== '1';
  if (!isReadAgain || !files.some(isStream)) return replayFiles(files, values);
  const folder = mkdtempSync(join(tmpdir(), 'scan-status-'));
  try {
    return await replayFiles(await spoolStreams(files, folder), values);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

await run(USAGE, main);
