/** The command `replay`, as a process: what it prints, where it writes, and how it ends. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '../support/cli-folder.ts';
import { startedEvent } from '../support/cli-records.ts';
import { type Ended, runCommand, scriptOf, startCommand } from '../support/cli-run.ts';
import { recordedFile, TRUTH } from '../support/recorded.ts';

const folder = temporaryFolder();
const recording = recordedFile('event-exporter-webhook.ndjson');
const none = { applied: 0, duplicate: 0, superseded: 0, ignored: 0, rejected: 0, unavailable: 0 };
const all = { ...none, applied: 12, duplicate: 13, ignored: 2 };

const write = (name: string, content: string): string => {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
};

interface Scan {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly status: object;
}

/** The scans of a report in JSON, to the byte. */
const scanBytes = ({ stdout }: Ended): string => stdout.slice(stdout.indexOf('"scans":'), stdout.indexOf('"summary":'));

const truthOf = ({ stdout }: Ended): object =>
  Object.fromEntries(
    JSON.parse(stdout).scans.map(({ namespace, kind, name, status }: Scan) => [`${namespace}/${kind}/${name}`, status]),
  );

describe('replay', () => {
  it('tells the truth of the recording, and creates no store', async () => {
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    const ended = await runCommand('replay', [recording, '-o', 'json'], {
      folder: empty,
      env: { SCAN_STORE_PATH: join(empty, 'new', 'scans.db') },
    });
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    const report = JSON.parse(ended.stdout);
    expect(Object.keys(report).toSorted()).toEqual(['events', 'scans', 'summary']);
    expect(report.summary).toEqual(all);
    expect(report.events).toHaveLength(27);
    expect(truthOf(ended)).toMatchObject(TRUTH);
    expect(readdirSync(empty)).toEqual([]);
  });

  it('ends in the same bytes for every seed and repetition', async () => {
    const [inOrder, ...shuffled] = await Promise.all([
      runCommand('replay', [recording, '-o', 'json']),
      runCommand('replay', [recording, '-o', 'json', '--shuffle', 'monday', '--repeat', '3']),
      runCommand('replay', [recording, '-o', 'json', '--shuffle', 'tuesday']),
    ]);
    for (const ended of shuffled) {
      expect(scanBytes(ended)).toBe(scanBytes(inOrder));
      expect(JSON.parse(ended.stdout).events).not.toEqual(JSON.parse(inOrder.stdout).events);
    }
    expect(shuffled.map(({ stdout }) => JSON.parse(stdout).events.length)).toEqual([81, 27]);
  });

  it('prints text, reports bad lines and answers 1', async () => {
    const file = write('bad-line', `${JSON.stringify(startedEvent({ at: '2026-11-23T06:00:00Z' }))}\nno JSON\n`);
    expect(await runCommand('replay', [file])).toEqual({
      status: 1,
      stderr: '',
      stdout: [
        'line 2  rejected  line: must be JSON',
        'shop/ImageScan/cart  uid-of-cart  Scanning  Scanning=True',
        '1 applied, 0 duplicate, 0 superseded, 0 ignored, 1 rejected, 0 unavailable\n',
      ].join('\n'),
    });
  });

  it('answers 1 where the store could not take all', async () => {
    const { status, stdout } = await runCommand('replay', [recording], { env: { SCAN_STORE_MAX: '4' } });
    expect(status).toBe(1);
    expect(stdout).toContain('the store is full: 4 scans');
  });

  it('lists all events where asked', async () => {
    const { stdout } = await runCommand('replay', [recording, '--events']);
    expect(stdout.split('\n').filter((line) => line.startsWith('line '))).toHaveLength(27);
  });

  it('finds a file from where npm was called, and names the files where there are several', async () => {
    const file = write('relative', 'no JSON\n');
    const args = ['relative', recording, '-o', 'json', '--scan', 'ImageScan/team-checkout/checkout-image'];
    const { stdout } = await runCommand('replay', args, { env: { INIT_CWD: folder, npm_lifecycle_event: 'replay' } });
    const { events, scans, summary } = JSON.parse(stdout);
    expect(events.slice(0, 2)).toMatchObject([
      { file, line: 1, outcome: 'rejected' },
      { file: recording, line: 1, outcome: 'applied' },
    ]);
    expect(scans.map(({ name }: Scan) => name)).toEqual(['checkout-image']);
    expect(summary).toEqual({ ...none, applied: 4, duplicate: 4, rejected: 1 });
  });

  it('replays what lies between two instants', async () => {
    const args = [recording, '-o', 'json', '--since', '2026-11-23T05:52:20Z', '--until', '2026-11-23T06:52:20+01:00'];
    const { stdout } = await runCommand('replay', args);
    expect(JSON.parse(stdout).events.map(({ line }: { line: number }) => line)).toEqual([16, 17, 19, 23]);
  });

  it('shows its usage where asked', async () => {
    const { status, stdout } = await runCommand('replay', ['--help']);
    expect([status, stdout.split('\n')[0]]).toEqual([0, expect.stringContaining('Usage: npm run -s replay -- FILE…')]);
  });

  it('ends quietly where its reader has seen enough', async () => {
    const child = startCommand('replay', [recording, '--events', '--repeat', '2000']);
    child.stdout?.once('data', () => child.stdout?.destroy());
    const [stderr] = await Promise.all([child.stderr === null ? undefined : text(child.stderr), once(child, 'close')]);
    // What a shell shows of a program that SIGPIPE ended.
    expect([child.exitCode, stderr]).toEqual([141, '']);
  });
});

describe('replay of standard input', () => {
  const input = readFileSync(recording, 'utf8');

  it('reads it as it comes', async () => {
    const ended = await runCommand('replay', ['-', '-o', 'json'], { input });
    expect(JSON.parse(ended.stdout).summary).toEqual(all);
    expect(truthOf(ended)).toMatchObject(TRUTH);
  });

  it('keeps it to shuffle it, and no longer', async () => {
    const temporary = join(folder, 'temporary');
    mkdirSync(temporary);
    const args = ['-', '-o', 'json', '--shuffle', 'monday'];
    const [piped, direct] = await Promise.all([
      runCommand('replay', args, { input, env: { TMPDIR: temporary } }),
      runCommand('replay', [recording, ...args.slice(1)]),
    ]);
    expect(piped).toEqual(direct);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('keeps a pipe that goes by the name of a file, to repeat it', () => {
    const piped = 'cat "$0" | "$1" "$2" /dev/stdin --repeat 3 -o json';
    const { stdout } = spawnSync('sh', ['-c', piped, recording, process.execPath, scriptOf('replay')], { env: {} });
    expect(JSON.parse(String(stdout)).summary).toEqual({ ...none, applied: 12, duplicate: 63, ignored: 6 });
  });
});

describe('replay --apply', () => {
  // A live store believes no event of the future: the recording is moved into what is the past for every clock.
  const past = readFileSync(recording, 'utf8').replaceAll('2026-11-23', '2024-11-23');

  it('writes into the store that SCAN_STORE_PATH names, once and for all', async () => {
    const namesake = { kind: 'SourceScan', namespace: 'team-search', name: 'search-image', at: '2024-11-23T06:00:00Z' };
    const file = write('past', past + JSON.stringify(startedEvent(namesake)));
    const env = { SCAN_STORE_PATH: join(folder, 'applied', 'scans.db') };
    const first = await runCommand('replay', [file, '--apply', '-o', 'json', '--store', 'embedded'], { env });
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(first.stdout).summary).toEqual({ ...all, applied: 13 });
    const again = await runCommand('replay', [file, '--apply', '-o', 'json', '--shuffle', 'seed'], { env });
    expect(JSON.parse(again.stdout).summary).toEqual({ ...none, duplicate: 26, ignored: 2 });
    expect(scanBytes(again)).toBe(scanBytes(first));
    const described = await runCommand('describe', ['imagescan', 'team-search/indexer-image'], { env });
    expect(described).toMatchObject({ status: 0, stderr: '' });
    expect(described.stdout).toContain('\n  Phase:                   Completed\n');
    const selected = ['--scan', 'ImageScan/team-search/search-image'];
    const one = await runCommand('replay', [file, '--apply', '-o', 'json', ...selected], { env });
    expect(JSON.parse(one.stdout).scans).toMatchObject([{ kind: 'ImageScan', name: 'search-image' }]);
  });

  it('holds instants to the clock, which a dry run does not', async () => {
    const file = write('future', JSON.stringify(startedEvent({ at: '2999-01-01T00:00:00Z' })));
    const env = { SCAN_STORE_PATH: join(folder, 'future.db') };
    const [applied, dry] = await Promise.all([
      runCommand('replay', [file, '--apply'], { env }),
      runCommand('replay', [file], { env }),
    ]);
    expect(applied.status).toBe(1);
    expect(applied.stdout).toContain('data.startedAt: 2999-01-01T00:00:00Z is more than 10 minutes ahead of the clock');
    expect(dry.status).toBe(0);
  });

  it('answers 1 and one line where the store cannot be used', async () => {
    const { status, stdout, stderr } = await runCommand('replay', [recording, '--apply'], {
      env: { SCAN_STORE_PATH: recording },
    });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^the embedded store cannot be used now: .*\n$/);
  });
});

describe('replay, called wrongly', () => {
  it.each([
    ['without a file', [], 'FILE: name at least one'],
    ['with an unknown option', [recording, '--unknown'], "Unknown option '--unknown'"],
    ['with an option that lacks its value', [recording, '--since'], "Option '--since <value>' argument missing"],
    ['with a file that is not there', [recording, 'missing'], 'missing: cannot be read: ENOENT'],
    ['with a folder', [folder], `${folder}: is a folder`],
    ['with a folder to shuffle', [folder, '--shuffle', 'a'], `${folder}: is a folder`],
    ['with a day for an instant', [recording, '--since', '2026-11-23'], '--since: must be an RFC 3339 date-time'],
    ['with an instant that is none', [recording, '--until', '2026-11-31T00:00:00Z'], '--until: must be an RFC 3339'],
    ['with no repetition at all', [recording, '--repeat', '0'], '--repeat: must be a whole number from 1 to 999999'],
    ['with half a repetition', [recording, '--repeat', '1.5'], '--repeat: must be a whole number'],
    ['with an output that nobody writes', [recording, '-o', 'yaml'], '-o: must be text or json'],
    ['with a store that there is not', [recording, '--store', 'etcd'], '--store: must be embedded or kubernetes'],
    ['with a scan without namespace', [recording, '--scan', 'cart'], '--scan: must be [KIND/]NAMESPACE/NAME'],
    ['with a scan of too many parts', [recording, '--scan', 'a/b/c/d'], '--scan: must be [KIND/]NAMESPACE/NAME'],
  ])('answers 2 and its usage %s', async (_, args, problem) => {
    const { status, stdout, stderr } = await runCommand('replay', args, { folder });
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(problem);
    expect(stderr).toMatch(/^[^\n]+\n\nUsage: npm run -s replay/);
  });

  it('answers 2 for a wrong setting, naming its variable', async () => {
    const { status, stderr } = await runCommand('replay', [basename(recording)], {
      env: { INIT_CWD: dirname(recording), npm_lifecycle_event: 'replay', SCAN_STORE: 'etcd' },
    });
    expect([status, stderr.split('\n')[0]]).toEqual([2, 'SCAN_STORE: must be embedded or kubernetes']);
  });
});
