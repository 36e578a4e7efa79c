/** What a real cluster's event sources send of its Jobs, kept, to be delivered whenever and as often as a test likes. */
import { isJsonObject, type JsonObject } from '../../../shared/conditions/status.ts';
import { APISERVER_UPDATED, JOB_FINISHED } from '../../../shared/events/types.ts';
import type { Sent } from '../../support/http-client.ts';
import { sinks } from '../../support/http-sink.ts';
import { cluster } from './access.ts';
import { eventSources } from './event-sources.ts';
import type { ScanJob } from './scan-jobs.ts';
import { eventually } from './scans.ts';

interface Recorder {
  /** What exporter and ApiServerSource sent of the Job's end, to be posted to `/`: resolves once either has. */
  readonly finishes: (job: ScanJob) => Promise<readonly Sent[]>;
}

type Arrived = Awaited<ReturnType<ReturnType<typeof sinks>>>['arrived'][number];

const memberOf = (value: unknown, name: string): unknown => (isJsonObject(value) ? value[name] : undefined);

const isComplete = ({ status }: JsonObject): boolean => {
  const conditions = memberOf(status, 'conditions');
  return Array.isArray(conditions) && conditions.some(({ type }) => type === 'Complete');
};

/** The uid of the Job of which an event tells the end; the type of the event says how it was sent. */
const finishedJob = ({ headers, event }: Arrived): unknown => {
  const type = headers['ce-type'];
  if (type === JOB_FINISHED) return memberOf(event.involvedObject, 'uid');
  return type === APISERVER_UPDATED && isComplete(event) ? memberOf(event.metadata, 'uid') : undefined;
};

const again = ({ headers, event }: Arrived): Sent => {
  const kept = Object.entries(headers).filter(([name]) => name.startsWith('ce-') || name === 'content-type');
  return { path: '/', headers: Object.fromEntries(kept) as Record<string, string>, body: JSON.stringify(event) };
};

/** Call it where tests are described: what it gives records the events of a namespace until its test ends. */
export const eventRecorders = (): ((namespace: string) => Promise<Recorder>) => {
  // The sources end before the place that they send to.
  const { eventExporter, apiServerSource } = eventSources();
  const open = sinks();
  return async (namespace) => {
    const { url, arrived } = await open();
    await eventExporter(cluster(), namespace, url);
    await apiServerSource(cluster(), namespace, url);
    return {
      finishes: async ({ uid }) => {
        const told = () => arrived.filter((one) => finishedJob(one) === uid);
        await eventually(async () => new Set(told().map(({ headers }) => headers['ce-type'])).size === 2);
        return told().map(again);
      },
    };
  };
};
