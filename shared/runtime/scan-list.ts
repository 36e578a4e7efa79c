/** The list of scans, shaped like a Kubernetes List and sent as it is read, however long it is. */
import type { ScanStore, StoredScan } from '../scans/store.ts';

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

async function* chunks(store: ScanStore, group: string): AsyncGenerator<string> {
  yield '{"apiVersion":"v1","kind":"List","metadata":{},"items":[';
  let separator = '\n';
  for await (const stored of store.list()) {
    yield separator + item(stored, group);
    separator = ',\n';
  }
  yield '\n]}\n';
}

/** All scans that the store keeps, sorted by namespace, kind, name and uid. */
export const scanList = (store: ScanStore, group: string): Response =>
  new Response(ReadableStream.from(chunks(store, group)).pipeThrough(new TextEncoderStream()), {
    headers: { 'content-type': 'application/json; charset=utf-8' },
  });
