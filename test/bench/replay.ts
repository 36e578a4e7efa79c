/**
 * How fast and how small a replay is: a large file of native events, against a bare loop that only parses each line.
 *
 * Both run alternately on one core, each in a process of its own. Prints a table and writes it as JSON.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeNativeEvents } from './native-events.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const [events = 1_000_000, scans = 10_000, rounds = 3] = process.argv.slice(2).map(Number);

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

const folder = mkdtempSync(join(tmpdir(), 'scan-status-bench-'));
const file = join(folder, 'events.ndjson');
// The flags of `npm run replay`.
const FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=50'];
const SUBJECTS: Readonly<Record<string, () => Measured>> = {
  'bare loop, no schemas, no law': () => measure(['--input-type=module', '--eval', BARE_LOOP, file]),
  'replay, text': () => measure([...FLAGS, 'cli/replay.ts', file], { NODE_COMPILE_CACHE: join(folder, 'cache') }),
  'replay, JSON': () =>
    measure([...FLAGS, 'cli/replay.ts', file, '-o', 'json'], { NODE_COMPILE_CACHE: join(folder, 'cache') }),
  'replay, shuffled': () =>
    measure([...FLAGS, 'cli/replay.ts', file, '--shuffle', '1'], { NODE_COMPILE_CACHE: join(folder, 'cache') }),
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

try {
  writeNativeEvents(file, events, scans);
  const measured = Object.entries(SUBJECTS).map(([name]) => ({ name, runs: [] as Measured[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, runs } of measured) runs.push(SUBJECTS[name]?.() as Measured);
  }
  const rows = measured.map(({ name, runs }) => {
    const perSecond = Math.round(events / median(runs.map(({ seconds }) => seconds)));
    return { name, perSecond, megabytes: Math.round(Math.max(...runs.map(({ megabytes }) => megabytes))) };
  });
  const bare = rows[0]?.perSecond ?? 1;
  const table = rows.map((row) => ({ ...row, ratio: Number((row.perSecond / bare).toFixed(2)) }));
  const result = {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model,
    node: process.version,
    events,
    scans,
    rounds,
    table,
  };
  process.stdout.write(`${events} native events, ${scans} scans, CPU seconds on one core, median of ${rounds}\n`);
  for (const { name, perSecond, megabytes, ratio } of table) {
    process.stdout.write(
      `${name.padEnd(32)}${String(perSecond).padStart(9)} events/s  × ${ratio.toFixed(2)}  ${String(megabytes).padStart(4)} MB\n`,
    );
  }
  writeFileSync(join(ROOT, 'bench.json'), `${JSON.stringify(result, undefined, 2)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
