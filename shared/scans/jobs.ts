/** What the cluster itself says of a scan's Job, and of the pods that it ran. */
import type { JsonObject } from '../conditions/status.ts';
import { answeredObject, unlessGone } from './api-answers.ts';
import { containersOf, type Pod, podsOfJob } from './job-pods.ts';
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

const terminationsOf = (pod: Pod): readonly Termination[] =>
  containersOf(pod).flatMap((container) =>
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
export const kubernetesJobs = (connection: Connection): Jobs => ({
  job: async (namespace, name) => {
    const { objects } = connection;
    const job = { group: 'batch', version: 'v1', plural: 'jobs', namespace, name };
    const answer: unknown = await unlessGone(name, () => patiently(() => objects.getNamespacedCustomObject(job)));
    return answer === undefined ? undefined : answeredObject(answer);
  },
  terminations: async (namespace, jobUid) => (await podsOfJob(connection, namespace, jobUid)).flatMap(terminationsOf),
});
