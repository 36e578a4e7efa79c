/** The list of scans, shaped like a Kubernetes List and sent as it is read, however long it is. */
import type { ScanStore, StoredScan } from '../scans/store.ts';
import type { HttpAnswer } from './http-answer.ts';

const VERSION = 'v1beta1';

const item = ({ scan, resourceVersion, status }: StoredScan, group: string): string => {
  const { kind, namespace, name, uid } = scan;
  return JSON.stringify({
    apiVersion: `${group}/${VERSION}`,
    kind,
    metadata: { namespace, name, uid, resourceVersion },
    status,
  });
};

async function* chunks(scans: AsyncIterator<StoredScan>, first: IteratorResult<StoredScan>, group: string) {
  yield '{"apiVersion":"v1","kind":"List","metadata":{},"items":[';
  for (let next = first, separator = '\n'; !next.done; next = await scans.next(), separator = ',\n') {
    yield separator + item(next.value, group);
  }
  yield '\n]}\n';
}

/**
 * All scans that the store keeps, sorted by namespace, kind, name and uid.
 *
 * Throws `Unavailable` where the store cannot be read: the first scan is read before the answer begins.
 */
export const scanList = async (store: ScanStore, group: string): Promise<HttpAnswer> => {
  const scans = store.list()[Symbol.asyncIterator]();
  const first = await scans.next();
  return {
    status: 200,
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: chunks(scans, first, group),
  };
};
