/**
 * A whole ScanPolicy, as Knative's ApiServerSource sends it in resource mode: which one it is.
 *
 * What it says of itself is not believed but read anew, so nothing of it is looked at but its name.
 */
import * as z from 'zod';
import { isApiServerEvent } from './apiserver.ts';
import type { Event } from './event.ts';
import { objectName, scanRef, uid } from './fields.ts';
import { rejectedBySchema } from './rejected.ts';
import type { Ignored, Scope } from './scope.ts';

export const SCAN_POLICY = 'ScanPolicy';

/** One life of a policy. */
export interface PolicyRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

const identity = z.object(
  { namespace: scanRef.shape.namespace, name: objectName, uid },
  { error: 'must be an object' },
);

/** Reads which ScanPolicy of our group an event is about. Throws `Rejected`. */
export const readScanPolicy = (event: Event, { group, namespaces }: Scope): PolicyRef | Ignored => {
  const { kind, apiVersion, metadata } = event.data;
  const isOurs = typeof apiVersion === 'string' && apiVersion.startsWith(`${group}/`);
  if (!isApiServerEvent(event) || kind !== SCAN_POLICY || !isOurs) return { ignored: 'the object is not a ScanPolicy' };
  const parsed = identity.safeParse(metadata);
  if (!parsed.success) throw rejectedBySchema('data.metadata', parsed.error);
  const { namespace } = parsed.data;
  if (namespaces !== undefined && !namespaces.has(namespace)) return { ignored: `namespace ${namespace} is not kept` };
  return parsed.data;
};
