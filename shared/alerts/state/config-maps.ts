/**
 * What `alert` remembers in a namespace of its own: a ConfigMap for each record, named by its key.
 *
 * Labels say what a list has to select, so that none brings along what nobody asked for: what somebody has to look at has
 * the instant, everything else the day after which it may be forgotten.
 */
import { isJsonObject, type JsonObject } from '../../conditions/status.ts';
import type { Connection } from '../../scans/kubernetes-connection.ts';
import type { AlertState, RecordKey, RecordWrite } from '../state.ts';
import { checked } from './checked.ts';
import { type ConfigMapRecords, configMapRecords } from './config-map-records.ts';

const DUE_AT = 'scanstatus.dev/due-at';
const KEPT_UNTIL = 'scanstatus.dev/kept-until';

/** Records a page of a list. */
const PAGE = 500;
/** Records that are forgotten at once, each with a request of its own. */
const FORGOTTEN_AT_ONCE = 50;
/** Days back of which is looked for what may be forgotten; nobody did so for longer, where something is older. */
const DAYS = 100;
const DAY = 86_400_000;

/** An instant as a label's value may be written, and sorted. */
const instantLabel = (instant: number): string => new Date(instant).toISOString().replaceAll(':', '.');
const dayLabel = (instant: number): string => instantLabel(instant).slice(0, '2025-06-01'.length);

const labelsOf = ({ dueAt, keepUntil }: RecordWrite): JsonObject =>
  dueAt === undefined ? { [KEPT_UNTIL]: dayLabel(keepUntil) } : { [DUE_AT]: instantLabel(dueAt) };

type Due = readonly [at: string, key: RecordKey];

const earliest = (due: readonly Due[], most: number): Due[] =>
  due.toSorted(([a], [b]) => (a < b ? -1 : Number(a > b))).slice(0, most);

/** All that wait are looked through, because the server sorts by name; no more are held than that takes. */
const dueKeys = async ({ list }: ConfigMapRecords, now: number, most: number): Promise<readonly RecordKey[]> => {
  const until = instantLabel(now);
  let first: Due[] = [];
  for await (const { name, labels } of list(DUE_AT, PAGE)) {
    const at = isJsonObject(labels) ? String(labels[DUE_AT]) : '';
    if (at > until) continue;
    first.push([at, String(name)]);
    if (first.length >= most + PAGE) first = earliest(first, most);
  }
  return earliest(first, most).map(([, key]) => key);
};

const forgetSome = async ({ list, remove }: ConfigMapRecords, now: number): Promise<void> => {
  const days = Array.from({ length: DAYS }, (_, ago) => dayLabel(Math.max(0, now - (ago + 1) * DAY)));
  let left = FORGOTTEN_AT_ONCE;
  for await (const metadata of list(`${KEPT_UNTIL} in (${days.join(',')})`, FORGOTTEN_AT_ONCE)) {
    await remove(metadata);
    left -= 1;
    if (left === 0) return;
  }
};

/** Does not close the connection, which others use too. */
export const configMapAlertState = (connection: Connection, namespace: string): AlertState => {
  const records = configMapRecords(connection, namespace);
  return checked({
    get: records.get,
    put: (write) => records.put(write, labelsOf(write)),
    due: async (now, most) => {
      const keys = await dueKeys(records, now, most);
      try {
        await forgetSome(records, now);
      } catch (error) {
        // It keeps nobody from what is due, and is told as soon as nothing is.
        if (keys.length === 0) throw error;
      }
      return keys;
    },
    close: () => {},
  });
};
