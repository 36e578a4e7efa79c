/** The command `describe`, as a process: which scan it finds, and that looking changes nothing. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { describeStatus } from '../../cli/describe-status.ts';
import { openEmbeddedStore } from '../../shared/scans/embedded.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { startedEvent } from '../support/cli-records.ts';
import { replayTexts } from '../support/cli-replay.ts';
import { type Ended, runCommand } from '../support/cli-run.ts';
import { webhookRequests } from '../support/recorded.ts';

const folder = temporaryFolder();
const path = join(folder, 'scans.db');
const recorded = webhookRequests.map((request) => JSON.stringify(request));

const EARLY = '2026-11-23T06:00:00Z';
const LATE = '2026-11-23T07:00:00Z';
/** Two scans that lived twice each: of one the greater uid had the newest run, of the other the lesser. */
const lives = [
  startedEvent({ name: 'upward', uid: 'uid-1', run: 'run-1', at: EARLY }),
  startedEvent({ name: 'upward', uid: 'uid-2', run: 'run-2', at: LATE }),
  startedEvent({ name: 'downward', uid: 'uid-1', run: 'run-3', at: LATE }),
  startedEvent({ name: 'downward', uid: 'uid-2', run: 'run-4', at: EARLY }),
].map((event) => JSON.stringify(event));

beforeAll(async () => {
  const store = await openEmbeddedStore({ path, maximum: 100 });
  await replayTexts([...recorded, ...lives], { store });
  store.close();
});

const describeScan = (...args: readonly string[]): Promise<Ended> =>
  runCommand('describe', args, { env: { SCAN_STORE_PATH: path } });

describe('describe', () => {
  it('prints the status of a scan, its kind in whatever case and number', async () => {
    const { statuses } = await replayTexts(recorded);
    const stdout = describeStatus(statuses['team-search/SourceScan/search-source'] ?? {});
    const ended = { status: 0, stdout, stderr: '' };
    const calls = ['SourceScan', 'sourcescans'].map((kind) => describeScan(kind, 'team-search/search-source'));
    expect(await Promise.all(calls)).toEqual([ended, ended]);
  });

  it('takes the life of a scan that has the newest run, whatever its uid', async () => {
    const names = ['shop/upward', 'shop/downward'];
    const found = await Promise.all(names.map((name) => describeScan('IMAGESCAN', name)));
    expect(found.map(({ stdout }) => /UID: +(.*)/.exec(stdout)?.[1])).toEqual(['run-2', 'run-3']);
  });

  it('answers 1 and one line where there is no such scan', async () => {
    expect(await describeScan('imagescan', 'team-search/search-source')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'ImageScan team-search/search-source: there is no such scan\n',
    });
  });

  it('answers 1 where there is no store, and creates none', async () => {
    const elsewhere = join(folder, 'elsewhere');
    const ended = await runCommand('describe', ['imagescan', 'shop/cart'], {
      env: { SCAN_STORE_PATH: join(elsewhere, 'scans.db') },
    });
    expect(ended).toEqual({ status: 1, stdout: '', stderr: `${elsewhere}/scans.db: there is no such store\n` });
    expect(existsSync(elsewhere)).toBe(false);
  });

  it('leaves the store as it was', async () => {
    const before = [readdirSync(folder), readFileSync(path)];
    await describeScan('imagescan', 'shop/upward');
    expect([readdirSync(folder), readFileSync(path)]).toEqual(before);
  });

  it('shows its usage where asked', async () => {
    expect(await describeScan('-h')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: .*describe/) });
  });

  it.each([
    ['without arguments', [], 'name a kind and a scan'],
    ['without a scan', ['imagescan'], 'name a kind and a scan'],
    ['with two scans', ['imagescan', 'a/b', 'a/c'], 'name a kind and a scan'],
    ['with a kind that is not kept', ['pod', 'shop/cart'], 'KIND: must be one of SourceScan, ImageScan'],
    ['with a scan without namespace', ['imagescan', 'cart'], 'the scan must be named NAMESPACE/NAME'],
    ['with a scan of too many parts', ['imagescan', 'a/b/c'], 'the scan must be named NAMESPACE/NAME'],
    ['with an unknown option', ['imagescan', 'a/b', '--wide'], "Unknown option '--wide'"],
  ])('answers 2 and its usage %s', async (_, args, problem) => {
    const { status, stdout, stderr } = await describeScan(...args);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain(problem);
    expect(stderr).toMatch(/^[^\n]+\n\nUsage: npm run -s describe/);
  });
});
