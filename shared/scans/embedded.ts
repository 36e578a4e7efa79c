/**
 * The embedded store: SQLite in a file or in memory, with the API server's semantics of resource versions and conflicts.
 */
import type { ScanRef } from '../conditions/facts.ts';
import { isJsonObject, type JsonObject, runsOf } from '../conditions/status.ts';
import { openSqlite, type SqliteFile, type SqliteTables, type SqliteValue, type Statements } from './sqlite.ts';
import { NO_SPEC, newScan, type ScanStore, type StoredScan } from './store.ts';
import { Conflict, Unavailable } from './unavailable.ts';

const PAGE = 500;

const SCHEMA = `
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

const STATEMENTS = {
  read: `SELECT ${COLUMNS} FROM scans WHERE ${KEY}`,
  insert: 'INSERT OR IGNORE INTO scans VALUES (?, ?, ?, ?, ?, ?)',
  update: `UPDATE scans SET resource_version = ?, status = ? WHERE ${KEY} AND resource_version = ?`,
  nextVersion: 'UPDATE counters SET resource_version = resource_version + 1 RETURNING resource_version, scans',
  countScan: 'UPDATE counters SET scans = scans + 1',
  named: `SELECT ${COLUMNS} FROM scans WHERE namespace = ? AND kind = ? AND name = ? ORDER BY uid`,
  page: `SELECT ${COLUMNS} FROM scans WHERE (namespace, kind, name, uid) > (?, ?, ?, ?) ORDER BY namespace, kind, name, uid LIMIT ${PAGE}`,
};
type Name = keyof typeof STATEMENTS;

const TABLES: SqliteTables<Name> = {
  subject: 'the embedded store',
  content: 'a store of scans',
  application: 'Scan',
  schema: SCHEMA,
  statements: STATEMENTS,
};

const writeScan = (
  statements: Statements<Name>,
  { scan, resourceVersion }: StoredScan,
  text: string,
  maximum: number,
): void => {
  const counters = statements.nextVersion.get() as { resource_version: number; scans: number };
  const key = keyOf(scan);
  const isNew = resourceVersion === '';
  const values: SqliteValue[] = isNew
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

export interface EmbeddedSettings extends SqliteFile {
  /** Scans that it takes; beyond it a new scan is `Unavailable`. */
  readonly maximum: number;
}

/** Opens the store. Rejects with `Unavailable` where it cannot be used, or is somebody else's database. */
export const openEmbeddedStore = async ({ maximum, ...file }: EmbeddedSettings): Promise<ScanStore> => {
  const { run, transact, close } = await openSqlite(file, TABLES);
  return {
    read: async (scan) => {
      const row = await run(({ read }) => read.get(...keyOf(scan)));
      return row === undefined ? newScan(scan) : storedScan(row);
    },
    write: async (read, next) => {
      const text = JSON.stringify(next.status());
      await transact((statements) => writeScan(statements, read, text, maximum));
    },
    find: async ({ namespace, kind, name }) =>
      (await run(({ named }) => named.all(namespace, kind, name))).map(storedScan),
    list: () => listScans((last) => run(({ page }) => page.all(...last))),
    ready: async () => {
      await run(({ page }) => page.get('', '', '', ''));
    },
    close,
  };
};
