/**
 * How fast and how small a replay is: a large file of native events, against a bare loop that only parses each line.
 *
 * Both run alternately on one core, each in a process of its own.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from './median.ts';
import { writeNativeEvents } from './native-events.ts';

const ROOT = new URL('../../', import.meta.url).pathname;

interface Measured {
  readonly seconds: number;
  readonly megabytes: number;
}

/**
 * Reports a process's own time and greatest resident size when it ends. Linux counts what the parent held into
 * `maxRSS`, so the kernel's own figure for this process is read where there is one.
 */
const PROBE = `data:text/javascript,${encodeURIComponent(`
import { existsSync, readFileSync } from 'node:fs';
process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const status = '/proc/self/status';
  const own = existsSync(status) && Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync(status, 'utf8'))?.[1]);
  const measured = { seconds: (userCPUTime + systemCPUTime) / 1e6, megabytes: (own || maxRSS) / 1024 };
  process.stderr.write(JSON.stringify(measured));
});`)}`;

/** What the loop costs that only reads lines and parses them, and keeps each run as it was last told. */
const BARE_LOOP = `
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
const scans = new Map();
for await (const line of createInterface({ input: createReadStream(process.argv[1]) })) {
  const { scan, run, ...told } = JSON.parse(line).data;
  const key = scan.namespace + '/' + scan.kind + '/' + scan.name + '/' + scan.uid;
  if (!scans.has(key)) scans.set(key, new Map());
  const runs = scans.get(key);
  runs.set(run.uid, { ...runs.get(run.uid), ...run, ...told });
  if (runs.size > 5) runs.delete(runs.keys().next().value);
}
`;

const onOneCore = (command: readonly string[]): readonly string[] =>
  spawnSync('taskset', ['-c', '0', 'true']).status === 0 ? ['taskset', '-c', '0', ...command] : command;

const measure = (args: readonly string[], environment: object = {}): Measured => {
  const [program = '', ...rest] = onOneCore([process.execPath, '--import', PROBE, ...args]);
  const { stderr, status } = spawnSync(program, rest, {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(`${args.join(' ')} failed: ${stderr}`);
  return JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as Measured;
};

// The flags of `npm run replay`.
const FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=50'];

/** What is measured, by its name; the first is what the others are compared with. */
const subjectsOf = (folder: string, file: string): Readonly<Record<string, () => Measured>> => {
  const replay = (...options: readonly string[]) =>
    measure([...FLAGS, 'cli/replay.ts', file, ...options], { NODE_COMPILE_CACHE: join(folder, 'cache') });
  return {
    'bare loop, no schemas, no law': () => measure(['--input-type=module', '--eval', BARE_LOOP, file]),
    'replay, text': () => replay(),
    'replay, JSON': () => replay('-o', 'json'),
    'replay, shuffled': () => replay('--shuffle', '1'),
  };
};

export interface ReplayRow {
  readonly name: string;
  /** Events a second of a core's time. */
  readonly perSecond: number;
  /** At its largest. */
  readonly megabytes: number;
  /** Of the bare loop's rate. */
  readonly ratio: number;
}

/** Measures replays of a file of so many events about so many scans, in so many turns. */
export const measureReplay = (events: number, scans: number, rounds: number): readonly ReplayRow[] => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-status-bench-'));
  const file = join(folder, 'events.ndjson');
  try {
    writeNativeEvents(file, events, scans);
    const subjects = Object.entries(subjectsOf(folder, file)).map(([name, run]) => ({
      name,
      run,
      all: [] as Measured[],
    }));
    for (let round = 0; round < rounds; round += 1) for (const { run, all } of subjects) all.push(run());
    const rows = subjects.map(({ name, all }) => ({
      name,
      perSecond: Math.round(events / median(all.map(({ seconds }) => seconds))),
      megabytes: Math.round(Math.max(...all.map(({ megabytes }) => megabytes))),
    }));
    const bare = rows[0]?.perSecond ?? 1;
    return rows.map((row) => ({ ...row, ratio: Number((row.perSecond / bare).toFixed(2)) }));
  } finally {
    rmSync(folder, { recursive: true });
  }
};
