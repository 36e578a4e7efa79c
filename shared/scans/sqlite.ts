/**
 * SQLite databases of our own, in a file that several processes may share, or in memory.
 *
 * A write that was answered survives the end of the process, however it ends: SQLite's write-ahead log is in the
 * kernel's hands by then.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { isJsonObject } from '../conditions/status.ts';
import { Conflict, Unavailable } from './unavailable.ts';

const PATIENCE = 5_000;
/** Milliseconds for which SQLite itself waits, and nothing else in the process runs; then others get their turn. */
const BUSY_TIMEOUT = 50;

export type SqliteValue = SQLInputValue;

/** Statements that are prepared, by what they are for. */
export type Statements<Name extends string> = Readonly<Record<Name, StatementSync>>;

export interface SqliteFile {
  /** A file, which is created with its folder where it is missing, or `:memory:`. */
  readonly path: string;
  /** Milliseconds to wait for another process that is writing. */
  readonly patience?: number;
  /** Only to look: nothing is created. */
  readonly readOnly?: boolean;
}

export interface SqliteTables<Name extends string> {
  /** What people call it: `the embedded store`. */
  readonly subject: string;
  /** What a file is not that is another's: `a store of scans`. */
  readonly content: string;
  /** Four letters that mark a database as ours, so that no other is written into. */
  readonly application: string;
  /** Makes the tables that are not there yet. */
  readonly schema: string;
  readonly statements: Readonly<Record<Name, string>>;
}

/** Rejects with `Unavailable` where SQLite cannot answer. */
export interface Sqlite<Name extends string> {
  /** Runs statements, each a transaction of its own. Where another process is writing, all of `work` is tried again. */
  readonly run: <T>(work: (statements: Statements<Name>) => T) => Promise<T>;
  /** Runs statements as one transaction, which is undone where `work` throws. */
  readonly transact: <T>(work: (statements: Statements<Name>) => T) => Promise<T>;
  readonly close: () => void;
}

/** Whatever keeps SQLite from answering (locked, full, read-only, damaged) is no fault of the event. */
const guarded = <T>(subject: string, work: () => T): T => {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof Conflict || cause instanceof Unavailable) throw cause;
    throw new Unavailable(`${subject} cannot be used now`, { cause });
  }
};

/** The low byte of an extended code is the code. @see https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;

const isBusy = (error: unknown): boolean => {
  const cause: unknown = error instanceof Unavailable ? error.cause : undefined;
  return isJsonObject(cause) && (Number(cause.errcode) & 0xff) === SQLITE_BUSY;
};

/** Tries again while another process is writing, and lets others have their turn meanwhile. */
const patiently = async <T>(subject: string, patience: number, work: () => T): Promise<T> => {
  const until = performance.now() + patience;
  for (;;) {
    try {
      return guarded(subject, work);
    } catch (error) {
      if (!isBusy(error) || performance.now() >= until) throw error;
      await delay(Math.random() * BUSY_TIMEOUT);
    }
  }
};

const pragmaValue = (database: DatabaseSync, pragma: string): unknown =>
  Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0];

const hasTables = (database: DatabaseSync): boolean =>
  database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined;

/** Makes the tables where there are none yet. Throws `Unavailable` where there are somebody else's. */
const claim = (
  database: DatabaseSync,
  { path, readOnly = false }: SqliteFile,
  { application, content, schema }: SqliteTables<string>,
): void => {
  const id = Buffer.from(application, 'latin1').readUInt32BE();
  const isOurs = pragmaValue(database, 'application_id') === id;
  if (!isOurs && (readOnly || hasTables(database))) throw new Unavailable(`${path} is not ${content}`);
  if (readOnly) return;
  const pragmas = ['journal_mode = WAL', 'synchronous = NORMAL', `application_id = ${id}`];
  database.exec([...pragmas.map((pragma) => `PRAGMA ${pragma};`), schema].join('\n'));
};

/** Opens our own file, or makes one where there is none yet. An attempt that fails leaves nothing open. */
const open = <Name extends string>(
  file: SqliteFile,
  tables: SqliteTables<Name>,
): readonly [DatabaseSync, Statements<Name>] => {
  const { path, readOnly = false } = file;
  if (path !== ':memory:' && !readOnly) mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT, readOnly });
  try {
    claim(database, file, tables);
    const prepared = Object.entries<string>(tables.statements).map(([name, sql]) => [name, database.prepare(sql)]);
    return [database, Object.fromEntries(prepared)];
  } catch (error) {
    database.close();
    throw error;
  }
};

/** Runs `work` as one transaction that starts as a writer, so that it never has to be upgraded to one. */
const inTransaction = <T>(database: DatabaseSync, work: () => T): T => {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has already rolled back what failed on a full disk; asking again would hide why.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
};

/** Opens a database. Rejects with `Unavailable` where it cannot be used, or is somebody else's. */
export const openSqlite = async <Name extends string>(
  file: SqliteFile,
  tables: SqliteTables<Name>,
): Promise<Sqlite<Name>> => {
  const { patience = PATIENCE } = file;
  const attempt = <T>(work: () => T): Promise<T> => patiently(tables.subject, patience, work);
  const [database, statements] = await attempt(() => open(file, tables));
  return {
    run: (work) => attempt(() => work(statements)),
    transact: (work) => attempt(() => inTransaction(database, () => work(statements))),
    close: () => database.close(),
  };
};
