/** What a scan's own spec says that its status shows: which policy it names, and what it scans. */
import type { ScanSpec } from '../conditions/project.ts';
import { isJsonObject, type JsonObject } from '../conditions/status.ts';

/** What is scanned, by the member of the spec that names it, and the members of it that say which. Secrets stay out. */
const ARTIFACTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['registry', ['image']],
  ['git', ['url', 'revision']],
  ['blob', ['url', 'revision']],
]);

export interface LiveSpec extends ScanSpec {
  /** The name of the scan's ScanPolicy, of its own namespace. */
  readonly policy?: string;
}

const artifactOf = (spec: JsonObject): JsonObject | undefined => {
  for (const [source, names] of ARTIFACTS) {
    const found = spec[source];
    if (!isJsonObject(found)) continue;
    const told = names.filter((name) => typeof found[name] === 'string').map((name) => [name, found[name]]);
    if (told.length > 0) return { [source]: Object.fromEntries(told) };
  }
  return undefined;
};

/**
 * Reads the spec of a live scan, whatever somebody wrote there.
 *
 * @param generation the scan's `metadata.generation`, which rises with every change of the spec
 */
export const scanSpec = (spec: unknown, generation?: unknown): LiveSpec => {
  if (!isJsonObject(spec)) return { namesPolicy: false };
  const artifact = artifactOf(spec);
  const { scanPolicy } = spec;
  const policy = typeof scanPolicy === 'string' && scanPolicy !== '' ? { policy: scanPolicy } : {};
  return {
    namesPolicy: 'policy' in policy,
    ...policy,
    ...(artifact && { artifact }),
    ...(typeof generation === 'number' && { generation }),
  };
};
