/** The records of `alert` as ConfigMaps of a namespace: read and replaced by name, listed by label, removed. */
import { randomUUID } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../../conditions/status.ts';
import { answeredObject, Gone, unlessGone } from '../../scans/api-answers.ts';
import { type Connection, patiently, understood } from '../../scans/kubernetes-connection.ts';
import { pages } from '../../scans/kubernetes-objects.ts';
import { configMapsPath } from '../../scans/kubernetes-policies.ts';
import { Conflict, Unavailable } from '../../scans/unavailable.ts';
import type { KeptRecord, RecordKey, RecordWrite } from '../state.ts';
import { isRecordKey } from './checked.ts';

const OURS = 'app.kubernetes.io/managed-by=scan-status';
/** Made up for each write, so that a write of which the answer got lost is known again. */
const WRITE = 'scanstatus.dev/write';
const VALUE = 'record';

interface Found extends KeptRecord {
  readonly write: unknown;
}

const foundRecord = (object: unknown): Found => {
  const { metadata, data } = answeredObject(object);
  const { resourceVersion, annotations } = answeredObject(metadata);
  return {
    // What somebody damaged by hand is no JSON, and can be written over.
    value: isJsonObject(data) ? String(data[VALUE] ?? '') : '',
    version: String(resourceVersion),
    write: isJsonObject(annotations) ? annotations[WRITE] : undefined,
  };
};

const [managedBy = '', us] = OURS.split('=');

/** A record as it is sent. */
const configMap = (namespace: string, { key, value, expected }: RecordWrite, labels: JsonObject, write: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    namespace,
    name: key,
    labels: { [managedBy]: us, ...labels },
    annotations: { [WRITE]: write },
    ...(expected !== undefined && { resourceVersion: expected }),
  },
  data: { [VALUE]: value },
});

export interface ConfigMapRecords {
  readonly get: (key: RecordKey) => Promise<KeptRecord | undefined>;
  /** As `AlertState` has it. */
  readonly put: (write: RecordWrite, labels: JsonObject) => Promise<string | undefined>;
  /** The metadata of the records that a label selector selects, by pages of that size. */
  readonly list: (selector: string, page: number) => AsyncGenerator<JsonObject>;
  /** Removes a record, unless somebody wrote it since it was listed. */
  readonly remove: (metadata: JsonObject) => Promise<void>;
}

/** What is no answer to what was asked, for whoever asked. */
const failure = (namespace: string, error: unknown): unknown => {
  if (error instanceof Gone) return new Unavailable(`there is no namespace ${namespace}`, { cause: error });
  if (error instanceof Conflict)
    return new Unavailable('the API server answers a read with a conflict', { cause: error });
  return error;
};

/** The records in a namespace. Everything rejects with `Unavailable`. */
export const configMapRecords = ({ core }: Connection, namespace: string): ConfigMapRecords => {
  const path = configMapsPath(namespace);
  const read = (ask: () => Promise<unknown>): Promise<unknown> =>
    patiently(ask).catch((error: unknown) => {
      throw failure(namespace, error);
    });
  const get = async (key: RecordKey): Promise<Found | undefined> => {
    const found = await read(() => unlessGone(key, () => core.get(`${path}/${key}`)));
    return found === undefined ? undefined : foundRecord(found);
  };
  /** What a write that was refused came to: it is ours where only its answer got lost, and it was tried again. */
  const refused = async (error: unknown, key: RecordKey, write: string): Promise<string | undefined> => {
    if (error instanceof Gone && error.object === key) return undefined;
    if (!(error instanceof Conflict)) throw failure(namespace, error);
    const found = await get(key);
    return found?.write === write ? found.version : undefined;
  };
  return {
    get: async (key) => {
      const found = await get(key);
      return found && { value: found.value, version: found.version };
    },
    put: async (write, labels) => {
      const { key, expected } = write;
      const id = randomUUID();
      const object = configMap(namespace, write, labels, id);
      const send = () => (expected === undefined ? core.create(path, object) : core.replace(`${path}/${key}`, object));
      try {
        // However often it is tried, it takes effect once: all tries expect the same version.
        return foundRecord(await patiently(send)).version;
      } catch (error) {
        return refused(error, key, id);
      }
    },
    list: async function* (selector, page) {
      const query = new URLSearchParams({ labelSelector: `${OURS},${selector}`, limit: String(page) });
      const list = (next: string) =>
        read(() => core.listMetadata(`${path}?${query}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`));
      for await (const { metadata } of pages(list))
        if (isJsonObject(metadata) && isRecordKey(metadata.name)) yield metadata;
    },
    remove: async ({ name, uid, resourceVersion }) => {
      const options = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } };
      try {
        await understood(() => core.remove(`${path}/${name}`, options));
      } catch (error) {
        if (!(error instanceof Conflict || error instanceof Gone)) throw error;
      }
    },
  };
};
