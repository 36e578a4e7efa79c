/** The recorded input of a real exporter, and what truly happened. See test/recorded/README.md. */
import { readFileSync } from 'node:fs';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { type HttpMessage, headerPairs } from '../../shared/events/message.ts';

const FOLDER = new URL('../recorded/', import.meta.url);

/** The path of a recording. */
export const recordedFile = (name: string): string => new URL(name, FOLDER).pathname;

const readLines = (name: string): readonly string[] => readFileSync(recordedFile(name), 'utf8').trim().split('\n');

/** A request as it arrived at the exporter's receiver. */
export interface RecordedRequest {
  readonly path: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

const readRequests = (name: string): readonly RecordedRequest[] => readLines(name).map((line) => JSON.parse(line));

export const webhookRequests = readRequests('event-exporter-webhook.ndjson');
export const layoutRequests = readRequests('event-exporter-layout.ndjson');

/** A recorded request as a message. */
export const messageOf = ({ rawHeaders, body }: RecordedRequest): HttpMessage => ({
  headers: headerPairs(rawHeaders),
  body,
});

interface WatchLine {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: { readonly metadata: { readonly namespace: string; readonly name: string } };
}

const APISERVER_TYPE = { ADDED: 'add', MODIFIED: 'update', DELETED: 'delete' } as const;

/** The watch of all Jobs, each object wrapped into a structured CloudEvent as Knative's ApiServerSource does. */
export const apiServerEvents: readonly JsonObject[] = readLines('jobs-watch.ndjson')
  .map((line): WatchLine => JSON.parse(line))
  .map(({ type, object }, at) => ({
    specversion: '1.0',
    id: `random-${at}`,
    source: 'https://10.0.0.1:443',
    type: `dev.knative.apiserver.resource.${APISERVER_TYPE[type]}`,
    subject: `/apis/batch/v1/namespaces/${object.metadata.namespace}/jobs/${object.metadata.name}`,
    time: '2026-11-23T09:00:00.123456789Z',
    datacontenttype: 'application/json',
    kind: 'Job',
    name: object.metadata.name,
    namespace: object.metadata.namespace,
    data: object,
  }));

/** What became of each scan, by its name: phase, and the newest run's conditions. */
export const TRUTH: Readonly<Record<string, { readonly phase: string; readonly conditions: readonly JsonObject[] }>> =
  (() => {
    const terminated = {
      type: 'Scanning',
      status: 'False',
      reason: 'JobFinished',
      message: 'The scan job terminated',
      error: '',
    };
    const finished = (at: string) => ({
      phase: 'Completed',
      conditions: [
        { ...terminated, lastTransitionTime: at, observedGeneration: 1 },
        {
          type: 'Succeeded',
          status: 'True',
          reason: 'JobFinished',
          message: 'The scan job finished',
          error: '',
          lastTransitionTime: at,
          observedGeneration: 1,
        },
      ],
    });
    const failed = (at: string, reason: string, message: string) => ({
      phase: 'Error',
      conditions: [
        { ...terminated, lastTransitionTime: at, observedGeneration: 1 },
        {
          type: 'Succeeded',
          status: 'False',
          reason: 'Error',
          message,
          error: `${reason}: ${message}`,
          lastTransitionTime: at,
          observedGeneration: 1,
        },
      ],
    });
    const backoff = 'Job has reached the specified backoff limit';
    return {
      'team-checkout/ImageScan/checkout-image': failed('2026-11-23T05:52:23Z', 'BackoffLimitExceeded', backoff),
      'team-checkout/SourceScan/checkout-source': failed('2026-11-23T05:51:58Z', 'BackoffLimitExceeded', backoff),
      'team-search/ImageScan/indexer-image': finished('2026-11-23T05:52:20Z'),
      'team-search/ImageScan/search-image': finished('2026-11-23T05:52:12Z'),
      'team-search/SourceScan/search-source': failed(
        '2026-11-23T05:52:16Z',
        'DeadlineExceeded',
        'Job was active longer than specified deadline',
      ),
    };
  })();
