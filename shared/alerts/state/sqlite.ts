/** What `alert` remembers in a file, which several processes may share. */
import { randomUUID } from 'node:crypto';
import { openSqlite, type SqliteFile, type SqliteTables } from '../../scans/sqlite.ts';
import type { AlertState } from '../state.ts';
import { checked } from './checked.ts';

/** Records that are forgotten at once: whoever writes meanwhile has to wait. */
const FORGOTTEN_AT_ONCE = 500;

/** An index knows the few records that somebody has to look at, another those that may be forgotten some day. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS records (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, version TEXT NOT NULL, due_at INTEGER, keep_until INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS due ON records (due_at, key) WHERE due_at IS NOT NULL;
  CREATE INDEX IF NOT EXISTS kept ON records (keep_until) WHERE due_at IS NULL;
`;
const STATEMENTS = {
  read: 'SELECT value, version FROM records WHERE key = ?',
  insert: `INSERT INTO records (value, version, due_at, keep_until, key) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (key) DO NOTHING`,
  update: 'UPDATE records SET value = ?, version = ?, due_at = ?, keep_until = ? WHERE key = ? AND version = ?',
  due: 'SELECT key FROM records WHERE due_at <= ? ORDER BY due_at, key LIMIT ?',
  forget: `DELETE FROM records WHERE key IN (
    SELECT key FROM records WHERE due_at IS NULL AND keep_until < ? ORDER BY keep_until LIMIT ${FORGOTTEN_AT_ONCE})`,
};

const TABLES: SqliteTables<keyof typeof STATEMENTS> = {
  subject: 'the file of what alert remembers',
  content: 'what alert remembers',
  application: 'Alrt',
  schema: SCHEMA,
  statements: STATEMENTS,
};

/** Opens the file. Rejects with `Unavailable` where it cannot be used, or is somebody else's database. */
export const openSqliteAlertState = async (file: SqliteFile): Promise<AlertState> => {
  const { run, close } = await openSqlite(file, TABLES);
  return checked({
    get: async (key) => {
      const row = await run(({ read }) => read.get(key));
      return row && { value: String(row.value), version: String(row.version) };
    },
    put: async ({ key, value, expected, dueAt = null, keepUntil }) => {
      // Made up, not counted: a record that was forgotten and is written anew has no version of its former life.
      const version = randomUUID();
      const values = [value, version, dueAt, keepUntil, key];
      const { changes } = await run(({ insert, update }) =>
        expected === undefined ? insert.run(...values) : update.run(...values, expected),
      );
      return changes === 0 ? undefined : version;
    },
    due: async (now, most) => {
      await run(({ forget }) => forget.run(now));
      return (await run(({ due }) => due.all(now, most))).map(({ key }) => String(key));
    },
    close,
  });
};
