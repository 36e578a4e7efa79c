/** The scans that were recorded, created in namespaces of a test's own: the server gives them uids of its own. */
import { readFileSync } from 'node:fs';
import type { ScanRef } from '../../../shared/conditions/facts.ts';
import type { JsonObject } from '../../../shared/conditions/status.ts';
import { recordedFile } from '../../support/recorded.ts';
import type { Api } from './api.ts';
import { GROUP, type Kind, newNamespace, scansPath } from './scans.ts';

interface RecordedScan {
  readonly kind: Kind;
  readonly metadata: Omit<ScanRef, 'kind'>;
  readonly spec: JsonObject;
}

export interface RecordedScans {
  /** The namespaces that stand for those that were recorded. */
  readonly namespaces: readonly string[];
  /** A recorded text, as it would be had these scans been recorded. */
  readonly here: (text: string) => string;
  /** What each scan says, in the shape of `TRUTH`. */
  readonly told: () => Promise<Readonly<Record<string, unknown>>>;
}

/** Creates them without their policy: nobody evaluates it here. */
export const createRecordedScans = async (admin: Api): Promise<RecordedScans> => {
  const { items } = JSON.parse(readFileSync(recordedFile('scans.json'), 'utf8')) as {
    readonly items: readonly RecordedScan[];
  };
  const namespaces = new Map<string, string>();
  for (const team of new Set(items.map(({ metadata }) => metadata.namespace)))
    namespaces.set(team, await newNamespace(admin, team));
  const uids = new Map<string, string>();
  const paths = new Map<string, string>();
  for (const { kind, metadata, spec } of items) {
    const { scanPolicy: _, ...unjudged } = spec;
    const path = scansPath(kind, String(namespaces.get(metadata.namespace)));
    const scan = { apiVersion: `${GROUP}/v1beta1`, kind, metadata: { name: metadata.name }, spec: unjudged };
    const { body } = await admin.create(path, scan);
    uids.set(metadata.uid, String((body.metadata as JsonObject).uid));
    paths.set(`${metadata.namespace}/${kind}/${metadata.name}`, `${path}/${metadata.name}`);
  }
  return {
    namespaces: [...namespaces.values()],
    here: (text) => [...namespaces, ...uids].reduce((told, [theirs, ours]) => told.replaceAll(theirs, ours), text),
    told: async () => {
      const found: Record<string, unknown> = {};
      for (const [scan, path] of paths) {
        const { phase, conditions } = (await admin.get(path)).body.status as JsonObject;
        found[scan] = { phase, conditions };
      }
      return found;
    },
  };
};
