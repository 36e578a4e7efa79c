/** Native events, and the requests that carry them in each mode of the HTTP binding. */
import type { JsonObject } from '../../shared/conditions/status.ts';
import { JOB_FINISHED, JOB_STARTED, POLICY_EVALUATED } from '../../shared/events/types.ts';
import type { Sent } from './http-client.ts';

/** Which scan and run an event tells of; what is left out is the same for all. */
export interface Told {
  readonly id?: string;
  readonly namespace?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly run?: string;
  readonly at?: string;
}

const scanOf = ({ namespace = 'team-a', kind = 'ImageScan', name = 'image', uid = `uid-${name}` }: Told) => ({
  kind,
  namespace,
  name,
  uid,
});

const runOf = ({ run = 'run-1' }: Told) => ({ job: `scan-${run}`, uid: run });

const eventOf = ({ id = 'event-1' }: Told, type: string, data: JsonObject): JsonObject => ({
  specversion: '1.0',
  id,
  source: '/tests',
  type,
  data,
});

export const startedEvent = (told: Told = {}): JsonObject =>
  eventOf(told, JOB_STARTED, { scan: scanOf(told), run: runOf(told), startedAt: told.at ?? '2025-06-01T10:00:00Z' });

export const finishedEvent = (told: Told = {}): JsonObject =>
  eventOf(told, JOB_FINISHED, {
    scan: scanOf(told),
    run: runOf(told),
    finishedAt: told.at ?? '2025-06-01T10:05:00Z',
    outcome: 'complete',
  });

export const evaluatedEvent = (told: Told = {}): JsonObject =>
  eventOf(told, POLICY_EVALUATED, {
    scan: scanOf(told),
    run: { uid: runOf(told).uid },
    policy: { name: 'scan-policy', digest: 'sha256:0a1b' },
    evaluatedAt: told.at ?? '2025-06-01T10:05:00Z',
    verdict: 'passed',
    violations: [],
  });

/** A Job of the scan `image` that has finished, in an ApiServerSource's event. */
export const finishedJobEvent = (id = 'event-1'): JsonObject =>
  eventOf({ id }, 'dev.knative.apiserver.resource.update', {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'scan-run-1',
      namespace: 'team-a',
      uid: 'run-1',
      creationTimestamp: '2025-06-01T10:00:00Z',
      ownerReferences: [
        {
          apiVersion: 'scanning.apps.tanzu.vmware.com/v1beta1',
          kind: 'ImageScan',
          name: 'image',
          uid: 'uid-image',
          controller: true,
        },
      ],
    },
    status: {
      startTime: '2025-06-01T10:00:01Z',
      conditions: [{ type: 'Complete', status: 'True', lastTransitionTime: '2025-06-01T10:05:00Z' }],
    },
  });

/** The event with some of its data replaced. */
export const withData = (event: JsonObject, data: JsonObject): JsonObject => ({
  ...event,
  data: { ...(event.data as JsonObject), ...data },
});

export const structured = (event: unknown, path = '/'): Sent => ({
  path,
  headers: { 'content-type': 'application/cloudevents+json' },
  body: JSON.stringify(event),
});

export const batch = (events: readonly unknown[], path = '/'): Sent => ({
  path,
  headers: { 'content-type': 'application/cloudevents-batch+json' },
  body: JSON.stringify(events),
});

export const binary = ({ data, ...attributes }: JsonObject, path = '/'): Sent => ({
  path,
  headers: {
    'content-type': 'application/json',
    ...Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [`ce-${name}`, encodeURIComponent(String(value))]),
    ),
  },
  body: JSON.stringify(data),
});
