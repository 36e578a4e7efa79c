/** Events as the functions emit them, of any size. */
import type { JsonObject } from '../../shared/conditions/status.ts';
import { POLICY_EVALUATED, STATUS_CHANGED } from '../../shared/events/types.ts';

const SCAN = { kind: 'ImageScan', namespace: 'team-a', name: 'image', uid: 'uid-image' };

const emitted = (type: string, id: string, data: JsonObject): JsonObject => ({
  specversion: '1.0',
  id,
  source: '/scanstatus/test',
  type,
  subject: 'team-a/ImageScan/image',
  time: '2025-06-01T10:05:00Z',
  datacontenttype: 'application/json',
  data,
});

const condition = (type: string, message: string): JsonObject => ({ type, status: 'True', message });

/** @param others what the conditions of others say */
export const statusChangedEvent = (id: string, others: readonly string[] = []): JsonObject =>
  emitted(STATUS_CHANGED, id, {
    scan: SCAN,
    run: { uid: 'run-1', age: '2025-06-01T10:00:00Z' },
    fact: { type: 'finished', at: '2025-06-01T10:05:00Z' },
    changes: [{ type: 'Succeeded', to: 'True' }],
    phase: 'Completed',
    conditions: [
      condition('Succeeded', 'The scan job finished'),
      ...others.map((message, at) => condition(`Other${at}`, message)),
    ],
  });

/** A verdict, whose data is signed: nobody may change it. */
export const verdictOf = (id: string, violations: readonly string[] = []): JsonObject =>
  emitted(POLICY_EVALUATED, id, {
    scan: SCAN,
    run: { uid: 'run-1' },
    policy: { name: 'scan-policy', digest: 'sha256:0a1b' },
    evaluatedAt: '2025-06-01T10:05:00Z',
    verdict: 'failed',
    violations,
  });

/** The event whose JSON holds exactly so many bytes. */
export const eventOfBytes = (bytes: number, id = 'large'): JsonObject => {
  const rest = bytes - Buffer.byteLength(JSON.stringify(verdictOf(id, [''])));
  return verdictOf(id, ['x'.repeat(rest)]);
};
