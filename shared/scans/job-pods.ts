/** The pods that a Job controls. */
import * as z from 'zod';
import { isJsonObject } from '../conditions/status.ts';
import { type Connection, patiently } from './kubernetes-connection.ts';

const MOST_PODS = 500;
/** The Job controller labels each pod with its Job's uid. */
const JOB_LABEL = 'batch.kubernetes.io/controller-uid';
/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ (syntax of a value) */
const LABEL_VALUE = /^[A-Za-z0-9](?:[\w.-]{0,61}[A-Za-z0-9])?$/;

const terminated = z
  .object({ exitCode: z.number(), reason: z.string(), message: z.string(), finishedAt: z.coerce.date() })
  .partial();
const state = z.object({ terminated: terminated.nullish() }).nullish().catch(null);
const containers = z.array(z.object({ name: z.string(), state, lastState: state })).nullish();
const pod = z.object({
  metadata: z.object({
    name: z.string().catch(''),
    ownerReferences: z.array(z.object({ uid: z.string(), controller: z.boolean().nullish() })).nullish(),
  }),
  status: z
    .object({ phase: z.string().nullish(), initContainerStatuses: containers, containerStatuses: containers })
    .nullish(),
});

export type Pod = z.infer<typeof pod>;
export type Container = NonNullable<z.infer<typeof containers>>[number];

/** A label can be written by anybody who may make pods; the controller is what the Job controller wrote. */
const isOf = ({ metadata }: Pod, jobUid: string): boolean =>
  metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === jobUid) ?? false;

/** Its containers, those that ran before the others first. */
export const containersOf = ({ status }: Pod): readonly Container[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

/** The pods that the Job of this uid controls, whatever labels others have given theirs. Throws `Unavailable`. */
export const podsOfJob = async (
  { core }: Pick<Connection, 'core'>,
  namespace: string,
  jobUid: string,
): Promise<readonly Pod[]> => {
  if (!LABEL_VALUE.test(jobUid)) return [];
  const selected = new URLSearchParams({ labelSelector: `${JOB_LABEL}=${jobUid}`, limit: String(MOST_PODS) });
  const answer = await patiently(() => core.get(`namespaces/${encodeURIComponent(namespace)}/pods?${selected}`));
  const items = isJsonObject(answer) && Array.isArray(answer.items) ? answer.items : [];
  return items.flatMap((item) => {
    const read = pod.safeParse(item).data;
    return read !== undefined && isOf(read, jobUid) ? read : [];
  });
};
