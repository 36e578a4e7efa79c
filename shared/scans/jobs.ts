/** What the cluster itself says of a scan's Job, and of the pods that it ran. */
import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { answeredObject, unlessGone } from './api-answers.ts';
import { type Connection, patiently } from './kubernetes-connection.ts';

/** How a container ended. */
export interface Termination {
  readonly container: string;
  readonly exitCode: number;
  readonly reason: string;
  /** What it left in its termination message. */
  readonly message: string;
  /** RFC 3339. */
  readonly finishedAt: string;
}

export interface Jobs {
  /** The Job as it stands; `undefined` where there is none of this name. Throws `Unavailable`. */
  readonly job: (namespace: string, name: string) => Promise<JsonObject | undefined>;
  /** How the containers of the pods ended that the Job of this uid controls. Throws `Unavailable`. */
  readonly terminations: (namespace: string, jobUid: string) => Promise<readonly Termination[]>;
}

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
    ownerReferences: z.array(z.object({ uid: z.string(), controller: z.boolean().nullish() })).nullish(),
  }),
  status: z.object({ initContainerStatuses: containers, containerStatuses: containers }).nullish(),
});

type Pod = z.infer<typeof pod>;

/** A label can be written by anybody who may make pods; the controller is what the Job controller wrote. */
const isOf = ({ metadata }: Pod, jobUid: string): boolean =>
  metadata.ownerReferences?.some(({ uid, controller }) => controller === true && uid === jobUid) ?? false;

const terminationsOf = ({ status }: Pod): readonly Termination[] =>
  [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].flatMap((container) =>
    [container.state?.terminated, container.lastState?.terminated].flatMap((end) =>
      end?.exitCode === undefined
        ? []
        : {
            container: container.name,
            exitCode: end.exitCode,
            reason: end.reason ?? '',
            message: end.message ?? '',
            finishedAt: end.finishedAt?.toISOString() ?? '',
          },
    ),
  );

/** The Jobs of an API server. */
export const kubernetesJobs = ({ objects, core }: Connection): Jobs => ({
  job: async (namespace, name) => {
    const job = { group: 'batch', version: 'v1', plural: 'jobs', namespace, name };
    const answer: unknown = await unlessGone(name, () => patiently(() => objects.getNamespacedCustomObject(job)));
    return answer === undefined ? undefined : answeredObject(answer);
  },
  terminations: async (namespace, jobUid) => {
    if (!LABEL_VALUE.test(jobUid)) return [];
    const list = { namespace, labelSelector: `${JOB_LABEL}=${jobUid}`, limit: MOST_PODS };
    const answer: unknown = await patiently(() => core.listNamespacedPod(list));
    const items = isJsonObject(answer) && Array.isArray(answer.items) ? answer.items : [];
    return items
      .map((item) => pod.safeParse(item).data)
      .filter((read) => read !== undefined && isOf(read, jobUid))
      .flatMap((read) => (read === undefined ? [] : terminationsOf(read)));
  },
});
