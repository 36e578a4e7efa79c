/** Records as archives hold them: the recorded requests in other envelopes, and native events made for a test. */
import type { JsonObject } from '../../shared/conditions/status.ts';
import { messageOf, type RecordedRequest } from './recorded.ts';

/** A recorded binary-mode request as a structured CloudEvent. */
export const cloudEventOf = (request: RecordedRequest): JsonObject => {
  const attributes = messageOf(request)
    .headers.map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name]) => name.startsWith('ce-'))
    .map(([name, value]) => [name.slice('ce-'.length), value] as const);
  return { ...Object.fromEntries(attributes), datacontenttype: 'application/json', data: JSON.parse(request.body) };
};

/** A scan's uid and the uid of a run, where a test does not care: made of the scan's name. */
interface Told {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly run?: string;
  readonly at: string;
}

const nativeData = ({ kind = 'ImageScan', namespace = 'shop', name = 'cart', uid = `uid-of-${name}`, run }: Told) => ({
  scan: { kind, namespace, name, uid },
  run: { job: `scan-${name}`, uid: run ?? `run-of-${name}` },
});

const nativeEvent = (type: string, told: Told, data: JsonObject): JsonObject => ({
  specversion: '1.0',
  id: `${type} ${told.at}`,
  source: '/test',
  type: `dev.scanstatus.${type}.v1`,
  data: { ...nativeData(told), ...data },
});

/** A native job-started event. */
export const startedEvent = (told: Told): JsonObject => nativeEvent('job-started', told, { startedAt: told.at });

/** A native job-finished event of a Job that ran to its end. */
export const finishedEvent = (told: Told): JsonObject =>
  nativeEvent('job-finished', told, { finishedAt: told.at, outcome: 'complete' });
