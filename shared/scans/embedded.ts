/**
 * The embedded store: SQLite in a file or in memory, with the API server's semantics of resource versions and conflicts.
 *
 * A write that was answered survives the end of the process, however it ends: SQLite's write-ahead log is in the
 * kernel's hands by then. Several processes may share one file.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { ScanRef } from '../conditions/facts.ts';
import { isJsonObject, runsOf } from '../conditions/status.ts';
import { NO_SPEC, newScan, type ScanStore, type StoredScan } from './store.ts';
import { Conflict, Unavailable } from './unavailable.ts';

const PATIENCE = 5_000;
const PAGE = 500;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
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

const keyOf = ({ namespace, kind, name, uid }: ScanRef): [string, string, string, string] => [
  namespace,
  kind,
  name,
  uid,
];

const storedScan = (row: Readonly<Record<string, unknown>>): StoredScan => {
  const read: unknown = JSON.parse(String(row.status));
  const status = isJsonObject(read) ? read : {};
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

const open = (path: string, patience: number): DatabaseSync => {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: patience });
  database.exec(SCHEMA);
  return database;
};

/** Runs `work` as one transaction that starts as a writer, so that it never has to be upgraded to one. */
const inTransaction = (database: DatabaseSync, work: () => void): void => {
  database.exec('BEGIN IMMEDIATE');
  try {
    work();
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
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

async function* listScans(page: StatementSync): AsyncGenerator<StoredScan> {
  // Page by page, so that no reader holds back the log while its own reader is slow.
  let last: [string, string, string, string] = ['', '', '', ''];
  for (;;) {
    const rows = guarded(() => page.all(...last));
    for (const row of rows) {
      const stored = storedScan(row);
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
}

/** Opens the store. Throws `Unavailable` where it cannot be used. */
export const embeddedStore = ({ path, maximum, patience = PATIENCE }: EmbeddedSettings): ScanStore => {
  const database = guarded(() => open(path, patience));
  const statements = prepare(database);
  return {
    read: async (scan) => {
      const row = guarded(() => statements.read.get(...keyOf(scan)));
      return row === undefined ? newScan(scan) : storedScan(row);
    },
    write: async (read, next) => {
      const text = JSON.stringify(next.status());
      guarded(() => inTransaction(database, () => writeScan(statements, read, text, maximum)));
    },
    find: async ({ namespace, kind, name }) =>
      guarded(() => statements.named.all(namespace, kind, name)).map(storedScan),
    list: () => listScans(statements.page),
    ready: async () => {
      guarded(() => statements.page.get('', '', '', ''));
    },
    close: () => database.close(),
  };
};
