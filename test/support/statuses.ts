/** What a store's scans say, to compare. */
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import type { ScanStore } from '../../shared/scans/store.ts';

/** Statuses by `NAMESPACE/KIND/NAME`, in the order of the list; keys in canonical order, so that equal is equal bytes. */
export const statuses = async (store: ScanStore): Promise<Readonly<Record<string, JsonObject>>> => {
  const found: Record<string, JsonObject> = {};
  for await (const { scan, status } of store.list()) {
    found[`${scan.namespace}/${scan.kind}/${scan.name}`] = JSON.parse(canonicalJson(status));
  }
  return found;
};
