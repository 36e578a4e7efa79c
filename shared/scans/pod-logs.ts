/**
 * What a container of a finished Job's pod wrote: its log, whole and byte for byte, or none.
 *
 * A log is a poor carrier. It holds standard output and standard error alike; kubelets begin a new one after 10 MiB and
 * serve only that; and where a kubelet fails while it sends, the API server ends the answer as if it were whole. Size
 * tells little of this, so whoever reads a document from a log must refuse one that begins or ends in its middle.
 */
import { answerError, Gone, parseStatus } from './api-answers.ts';
import type { HttpAnswer } from './dispatch.ts';
import { containersOf, type Pod, podsOfJob } from './job-pods.ts';
import { type Connection, patiently } from './kubernetes-connection.ts';

export interface PodLog {
  readonly bytes: Uint8Array;
  /** Whether it is so long that its kubelet may have begun a new one, so that its beginning is lost. */
  readonly mayBeCut: boolean;
}

export interface PodLogs {
  /**
   * The log of this container in the pod that succeeded for the Job of this uid; `undefined` where there is none (any
   * more).
   *
   * @param maximum bytes
   * @throws LogTooLong where it is longer
   * @throws Unavailable where the cluster cannot be asked now
   */
  readonly read: (namespace: string, jobUid: string, container: string, maximum: number) => Promise<PodLog | undefined>;
}

/** A log has more bytes than are read. */
export class LogTooLong extends Error {
  constructor(container: string, maximum: number) {
    super(`the log of container ${container} is longer than ${maximum} bytes`);
    this.name = 'LogTooLong';
  }
}

/** Milliseconds for a log, which may have to come from the other end of the cluster. */
const DEADLINE = 30_000;
/** Bytes that are asked for beyond the maximum: a server may send slightly fewer than it is asked for. */
const SLACK = 65_536;
/** Bytes: `containerLogMaxSize` of kubelets, which counts what they add to each line, too. */
const CUT_FROM = 10 * 2 ** 20 - 4 * SLACK;

/** When the container ended in a pod that succeeded, in Unix milliseconds; `undefined` where it did not. */
const endOf = (pod: Pod, container: string): number | undefined => {
  if (pod.status?.phase !== 'Succeeded') return undefined;
  const end = containersOf(pod).find(({ name }) => name === container)?.state?.terminated;
  return end ? (end.finishedAt?.getTime() ?? 0) : undefined;
};

/** The pod in which the container ended last; of several at once the greater name. */
const lastPod = (pods: readonly Pod[], container: string): Pod | undefined => {
  const ended = pods.flatMap((pod) => {
    const at = endOf(pod, container);
    return at === undefined ? [] : { pod, at };
  });
  ended.sort((a, b) => b.at - a.at || (a.pod.metadata.name < b.pod.metadata.name ? 1 : -1));
  return ended[0]?.pod;
};

const logPath = (namespace: string, pod: string, container: string, limit: number): string => {
  const query = new URLSearchParams({ container, limitBytes: String(limit) });
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log?${query}`;
};

/** The bytes of a log; `undefined` where the kubelet has none. Throws `Unavailable`. */
const logOf = (answer: HttpAnswer): Uint8Array | undefined => {
  if (answer.status === 200) return answer.bytes;
  const error = answerError(answer, false);
  // A kubelet that does not have it (any more) says so with 400, which the API server makes a Status.
  const isRefused = answer.status === 400 && parseStatus(answer.bytes.toString()).reason === 'BadRequest';
  // What is gone is the pod, or its node.
  if (isRefused || error instanceof Gone) return undefined;
  throw error;
};

const MOST_WORDS = 1_024;
/**
 * What a kubelet says where the log is gone from its disk. It has promised a log by then, so its words come as one.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/kubelet_pods.go (GetKubeletContainerLogs)
 */
const LOST = /^(?:unable to retrieve container logs for |failed to (?:try resolving symlinks in path|open log file) )/i;

const isLost = (bytes: Uint8Array): boolean => bytes.length < MOST_WORDS && LOST.test(new TextDecoder().decode(bytes));

/** The logs of an API server's pods. */
export const kubernetesPodLogs = (connection: Connection): PodLogs => ({
  read: async (namespace, jobUid, container, maximum) => {
    const pod = lastPod(await podsOfJob(connection, namespace, jobUid), container);
    if (pod === undefined) return undefined;
    const most = maximum + SLACK;
    const path = logPath(namespace, pod.metadata.name, container, most);
    const bytes = await patiently(async () => logOf(await connection.read(path, { deadline: DEADLINE, most })));
    if (bytes === undefined || isLost(bytes)) return undefined;
    if (bytes.length > maximum) throw new LogTooLong(container, maximum);
    return { bytes, mayBeCut: bytes.length >= CUT_FROM };
  },
});
