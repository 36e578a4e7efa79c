/** What the records of `alert` are, as simply as it can be said. */
import type { KeptRecord, RecordKey, RecordWrite } from '../../shared/alerts/state.ts';

type Written = RecordWrite & { readonly version: string; readonly before?: string };

export const alertStateModel = () => {
  const kept = new Map<RecordKey, Written>();
  return {
    /** The version that a writer knows who read the newest, or one who read what was before it. */
    expected: (key: RecordKey, isStale: boolean): Pick<RecordWrite, 'expected'> => {
      const { version, before } = kept.get(key) ?? {};
      const known = isStale ? before : version;
      return known === undefined ? {} : { expected: known };
    },
    takes: (key: RecordKey, isStale: boolean): boolean => !isStale || !kept.has(key),
    took: (write: RecordWrite, version: string): void => {
      const before = kept.get(write.key)?.version;
      kept.set(write.key, { ...write, version, ...(before !== undefined && { before }) });
    },
    records: (): readonly (readonly [RecordKey, KeptRecord])[] =>
      [...kept].map(([key, { value, version }]) => [key, { value, version }]),
    /** No two are due at the same instant. */
    due: (now: number): readonly RecordKey[] =>
      [...kept.values()]
        .flatMap(({ key, dueAt }) => (dueAt !== undefined && dueAt <= now ? [{ key, dueAt }] : []))
        .toSorted((a, b) => a.dueAt - b.dueAt)
        .map(({ key }) => key),
  };
};
