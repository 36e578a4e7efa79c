/** What `alert` remembers for as long as the process lives: for tests, previews and one process that may forget. */
import type { AlertState, RecordKey, RecordWrite } from '../state.ts';
import { checked } from './checked.ts';

type Held = RecordWrite & { readonly version: string };

const byInstant = ([a, at]: readonly [RecordKey, number], [b, bt]: readonly [RecordKey, number]): number =>
  at - bt || (a < b ? -1 : 1);

export const memoryAlertState = (): AlertState => {
  const records = new Map<RecordKey, Held>();
  let version = 0;
  const forget = (now: number): void => {
    for (const [key, { dueAt, keepUntil }] of records) if (dueAt === undefined && keepUntil < now) records.delete(key);
  };
  return checked({
    get: async (key) => {
      const held = records.get(key);
      return held && { value: held.value, version: held.version };
    },
    put: async (write) => {
      if (records.get(write.key)?.version !== write.expected) return undefined;
      version += 1;
      records.set(write.key, { ...write, version: String(version) });
      return String(version);
    },
    due: async (now, most) => {
      forget(now);
      const due = [...records].flatMap(([key, { dueAt }]) =>
        dueAt !== undefined && dueAt <= now ? [[key, dueAt] as const] : [],
      );
      return due
        .toSorted(byInstant)
        .slice(0, most)
        .map(([key]) => key);
    },
    close: () => records.clear(),
  });
};
