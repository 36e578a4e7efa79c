/**
 * The embedded store: SQLite in a file or in memory, with the API server's semantics of resource versions and conflicts.
 *
 * A write that was answered survives the end of the process, however it ends: SQLite's write-ahead log is in the
 * kernel's hands by then. Several processes may share one file.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { ScanRef } from '../conditions/facts.ts';
import { isJsonObject, type JsonObject, runsOf } from '../conditions/status.ts';
import { NO_SPEC, newScan, type ScanStore, type StoredScan } from './store.ts';
import { Conflict, Unavailable } from './unavailable.ts';

const PATIENCE = 5_000;
/** Milliseconds for which SQLite itself waits, and nothing else in the process runs; then others get their turn. */
const BUSY_TIMEOUT = 50;
/** What marks a database as ours ("Scan"), so that no other is written into. */
const APPLICATION_ID = 0x5363616e;
const PAGE = 500;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA application_id = ${APPLICATION_ID};
  CREATE TABLE IF NOT EXISTS scans (
    namespace TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, uid TEXT NOT NULL,
    resource_version INTEGER NOT NULL, status TEXT NOT NULL,
    PRIMARY KEY (namespace, kind, name, uid)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counters (id INTEGER PRIMARY KEY CHECK (id = 0), resource_version INTEGER NOT NULL, scans INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO counters VALUES (0, 0, 0);
`;
const KEY = 'namespace = ? AND kind = ? AND name = ? AND uid = ?';
const COLUMNS = 'namespace, kind, name, uid, resource_version, status';

type Key = [namespace: string, kind: string, name: string, uid: string];

const keyOf = ({ namespace, kind, name, uid }: ScanRef): Key => [namespace, kind, name, uid];

/** A status that is no JSON was damaged by somebody: what is ours in it comes back with the facts that are sent again. */
const parseStatus = (text: string): JsonObject => {
  try {
    const status: unknown = JSON.parse(text);
    return isJsonObject(status) ? status : {};
  } catch {
    return {};
  }
};

const storedScan = (row: Readonly<Record<string, unknown>>): StoredScan => {
  const status = parseStatus(String(row.status));
  return {
    scan: { kind: String(row.kind), namespace: String(row.namespace), name: String(row.name), uid: String(row.uid) },
    resourceVersion: String(row.resource_version),
    status,
    runs: runsOf(status),
    spec: NO_SPEC,
  };
};

/** Whatever keeps SQLite from answering (locked, full, read-only, damaged) is no fault of the event. */
const guarded = <T>(work: () => T): T => {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof Conflict || cause instanceof Unavailable) throw cause;
    throw new Unavailable('the embedded store cannot be used now', { cause });
  }
};

/** The low byte of an extended code is the code. @see https://www.sqlite.org/rescode.html */
const SQLITE_BUSY = 5;

const isBusy = (error: unknown): boolean => {
  const cause: unknown = error instanceof Unavailable ? error.cause : undefined;
  return isJsonObject(cause) && (Number(cause.errcode) & 0xff) === SQLITE_BUSY;
};

/** Tries again while another process is writing, and lets others have their turn meanwhile. */
const patiently = async <T>(patience: number, work: () => T): Promise<T> => {
  const until = performance.now() + patience;
  for (;;) {
    try {
      return guarded(work);
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
const claim = (database: DatabaseSync, path: string, readOnly: boolean): void => {
  const isOurs = pragmaValue(database, 'application_id') === APPLICATION_ID;
  if (!isOurs && (readOnly || hasTables(database))) throw new Unavailable(`${path} is not a store of scans`);
  if (!readOnly) database.exec(SCHEMA);
};

/** Opens our own file, or makes one where there is none yet. An attempt that fails leaves nothing open. */
const open = (path: string, readOnly: boolean): readonly [DatabaseSync, Statements] => {
  if (path !== ':memory:' && !readOnly) mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT, readOnly });
  try {
    claim(database, path, readOnly);
    return [database, prepare(database)];
  } catch (error) {
    database.close();
    throw error;
  }
};

/** Runs `work` as one transaction that starts as a writer, so that it never has to be upgraded to one. */
const inTransaction = (database: DatabaseSync, work: () => void): void => {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    // SQLite has already rolled back what failed on a full disk; asking again would hide why.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
};

interface Statements {
  readonly read: StatementSync;
  readonly insert: StatementSync;
  readonly update: StatementSync;
  readonly nextVersion: StatementSync;
  readonly countScan: StatementSync;
  readonly named: StatementSync;
  readonly page: StatementSync;
}

const prepare = (database: DatabaseSync): Statements => ({
  read: database.prepare(`SELECT ${COLUMNS} FROM scans WHERE ${KEY}`),
  insert: database.prepare('INSERT OR IGNORE INTO scans VALUES (?, ?, ?, ?, ?, ?)'),
  update: database.prepare(`UPDATE scans SET resource_version = ?, status = ? WHERE ${KEY} AND resource_version = ?`),
  nextVersion: database.prepare(
    'UPDATE counters SET resource_version = resource_version + 1 RETURNING resource_version, scans',
  ),
  countScan: database.prepare('UPDATE counters SET scans = scans + 1'),
  named: database.prepare(`SELECT ${COLUMNS} FROM scans WHERE namespace = ? AND kind = ? AND name = ? ORDER BY uid`),
  page: database.prepare(
    `SELECT ${COLUMNS} FROM scans WHERE (namespace, kind, name, uid) > (?, ?, ?, ?) ORDER BY namespace, kind, name, uid LIMIT ${PAGE}`,
  ),
});

const writeScan = (
  statements: Statements,
  { scan, resourceVersion }: StoredScan,
  text: string,
  maximum: number,
): void => {
  const counters = statements.nextVersion.get() as { resource_version: number; scans: number };
  const key = keyOf(scan);
  const isNew = resourceVersion === '';
  const values: SQLInputValue[] = isNew
    ? [...key, counters.resource_version, text]
    : [counters.resource_version, text, ...key, Number(resourceVersion)];
  const { changes } = (isNew ? statements.insert : statements.update).run(...values);
  if (changes === 0) throw new Conflict();
  if (!isNew) return;
  if (counters.scans >= maximum) throw new Unavailable(`the store is full: ${maximum} scans (SCAN_STORE_MAX)`);
  statements.countScan.run();
};

/** All scans page by page, so that no reader holds back the log while its own reader is slow. */
async function* listScans(readPage: (after: Key) => Promise<readonly object[]>): AsyncGenerator<StoredScan> {
  let last: Key = ['', '', '', ''];
  for (;;) {
    const rows = await readPage(last);
    for (const row of rows) {
      const stored = storedScan(row as Readonly<Record<string, unknown>>);
      last = keyOf(stored.scan);
      yield stored;
    }
    if (rows.length < PAGE) return;
  }
}

export interface EmbeddedSettings {
  /** A file, which is created with its folder where it is missing, or `:memory:`. */
  readonly path: string;
  /** Scans that it takes; beyond it a new scan is `Unavailable`. */
  readonly maximum: number;
  /** Milliseconds to wait for another process that is writing. */
  readonly patience?: number;
  /** Only to look: nothing is created. */
  readonly readOnly?: boolean;
}

/** Opens the store. Rejects with `Unavailable` where it cannot be used, or is somebody else's database. */
export const openEmbeddedStore = async (settings: EmbeddedSettings): Promise<ScanStore> => {
  const { path, maximum, patience = PATIENCE, readOnly = false } = settings;
  const [database, statements] = await patiently(patience, () => open(path, readOnly));
  return {
    read: async (scan) => {
      const row = await patiently(patience, () => statements.read.get(...keyOf(scan)));
      return row === undefined ? newScan(scan) : storedScan(row);
    },
    write: async (read, next) => {
      const text = JSON.stringify(next.status());
      await patiently(patience, () => inTransaction(database, () => writeScan(statements, read, text, maximum)));
    },
    find: async ({ namespace, kind, name }) =>
      (await patiently(patience, () => statements.named.all(namespace, kind, name))).map(storedScan),
    list: () => listScans((last) => patiently(patience, () => statements.page.all(...last))),
    ready: async () => {
      await patiently(patience, () => statements.page.get('', '', '', ''));
    },
    close: () => database.close(),
  };
};
