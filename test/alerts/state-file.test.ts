/** What `alert` remembers in a file: shared by processes that may end in the middle of anything. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { openAlertState } from '../../shared/alerts/state/open.ts';
import { openSqliteAlertState } from '../../shared/alerts/state/sqlite.ts';
import { openEmbeddedStore } from '../../shared/scans/embedded.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { keyAt } from '../support/alert-state-records.ts';
import { temporaryFolder } from '../support/cli-folder.ts';

const WRITER = fileURLToPath(new URL('../support/alert-state-writer.ts', import.meta.url));

describe('a file of what alert remembers', () => {
  const folder = temporaryFolder();
  let files = 0;
  const freshFile = (): string => {
    files += 1;
    return join(folder, `${files}.db`);
  };
  const startWriter = (file: string, times: number): ChildProcess =>
    spawn(process.execPath, [WRITER, file, String(times)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const sumIn = async (file: string): Promise<number> => {
    const state = await openAlertState({ file });
    const kept = await state.get(keyAt(1));
    state.close();
    return Number(kept?.value);
  };

  it('loses nothing of what several processes add at once', async () => {
    const file = freshFile();
    const writers = [1, 2, 3].map(() => startWriter(file, 60));
    const ended = await Promise.all(writers.map((writer) => once(writer, 'close')));
    expect(ended).toEqual(writers.map(() => [0, null]));
    expect(await sumIn(file)).toBe(180);
  });

  it('keeps what a process was told is kept, however it ends', async () => {
    const file = freshFile();
    for (const said of [1, 20, 7]) {
      const writer = startWriter(file, 1_000_000);
      const ended = once(writer, 'close');
      let sum = 0;
      let lines = 0;
      for await (const line of createInterface({ input: writer.stdout as NodeJS.ReadableStream })) {
        sum = Number(line);
        lines += 1;
        if (lines === said) writer.kill('SIGKILL');
      }
      expect(await ended).toEqual([null, 'SIGKILL']);
      // It may have ended between the write and the word.
      expect([sum, sum + 1]).toContain(await sumIn(file));
    }
  });

  it("is not made in a database that is somebody else's", async () => {
    const [theirs, scans, plain] = [freshFile(), freshFile(), freshFile()];
    const database = new DatabaseSync(theirs);
    database.exec('CREATE TABLE records (a, b)');
    (await openEmbeddedStore({ path: scans, maximum: 1 })).close();
    writeFileSync(plain, 'this is no database, but long enough to look like one: '.repeat(40));
    for (const file of [theirs, scans]) {
      await expect(openAlertState({ file })).rejects.toThrow(new Unavailable(`${file} is not what alert remembers`));
    }
    await expect(openAlertState({ file: plain })).rejects.toThrow(Unavailable);
    expect(database.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'records' }]);
    database.close();
  });

  it('lets others have their turn while it waits for a writer, and gives up in time', async () => {
    const path = freshFile();
    const state = await openSqliteAlertState({ path, patience: 300 });
    const other = new DatabaseSync(path);
    other.exec('BEGIN IMMEDIATE');
    const write = { key: keyAt(1), value: '1', keepUntil: 0 };
    const refused = state.put(write);
    await expect(state.get(keyAt(1))).resolves.toBeUndefined();
    await expect(refused).rejects.toMatchObject({
      name: 'Unavailable',
      message: 'the file of what alert remembers cannot be used now',
    });
    const taken = state.put(write);
    other.exec('COMMIT');
    other.close();
    await expect(taken).resolves.toEqual(expect.any(String));
    state.close();
  });

  it('finds what is due and what may be forgotten without looking at the rest', async () => {
    const file = freshFile();
    (await openAlertState({ file })).close();
    const database = new DatabaseSync(file);
    const planOf = (sql: string): string => JSON.stringify(database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all());
    expect(planOf('SELECT key FROM records WHERE due_at <= 1 ORDER BY due_at, key LIMIT 1')).toMatch(/INDEX due /);
    expect(planOf('SELECT key FROM records WHERE due_at IS NULL AND keep_until < 1')).toMatch(/INDEX kept /);
    database.close();
  });
});
