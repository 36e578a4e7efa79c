/** The scan that owns a Job, found in the Job's owner references. */
import * as z from 'zod';
import type { ScanRef } from '../conditions/facts.ts';
import type { JsonObject } from '../conditions/status.ts';
import { objectName, scanRef, uid } from './fields.ts';
import { rejectedBySchema } from './rejected.ts';
import type { Ignored, Scope } from './scope.ts';

export const ownerReferences = z.array(
  z.object({
    apiVersion: z.string(),
    kind: z.string(),
    name: z.string(),
    uid: z.string(),
    controller: z.boolean().nullish(),
  }),
);

export type OwnerReferences = z.infer<typeof ownerReferences>;

/** Whether a reference or an object is a Job of the group `batch`; one that names no group is taken for one. */
export const isBatchJob = ({ kind, apiVersion }: JsonObject): boolean =>
  kind === 'Job' && (!apiVersion || (typeof apiVersion === 'string' && apiVersion.startsWith('batch/')));

/** What identifies a Job. */
export const jobIdentity = z.object({ namespace: z.string(), name: objectName, uid });

/**
 * The one owner of our group and kinds that controls the object; none or several: ignored.
 *
 * @param field where the references stand, for the message
 */
export const scanOwner = (
  owners: OwnerReferences | null | undefined,
  namespace: string,
  { group, kinds }: Scope,
  field: string,
): ScanRef | Ignored => {
  const scans = (owners ?? []).filter(
    ({ apiVersion, kind, controller }) => controller === true && apiVersion.startsWith(`${group}/`) && kinds.has(kind),
  );
  const [owner] = scans;
  if (owner === undefined) return { ignored: 'no scan owns the Job' };
  if (scans.length > 1) return { ignored: 'several scans own the Job' };
  const parsed = scanRef.safeParse({ ...owner, namespace });
  if (!parsed.success) throw rejectedBySchema(field, parsed.error);
  return parsed.data;
};

const MAX_DIGITS = 15;

/** The scan's generation that the Job was started for, where its annotation says it. */
export const scanGeneration = (
  annotations: Readonly<Record<string, string>> | null | undefined,
  { group }: Scope,
): { readonly generation?: number } => {
  const text = annotations?.[`${group}/scan-generation`];
  if (text === undefined || text.length > MAX_DIGITS || !/^\d+$/.test(text)) return {};
  return { generation: Number(text) };
};
