/** A large archive of native events, for measuring: many scans, several runs each, in the order they happened. */
import { closeSync, openSync, writeSync } from 'node:fs';

const EPOCH = Date.parse('2026-01-01T00:00:00Z');
const EVENTS_OF_A_RUN = 2;
const BLOCK = 5_000;

const padded = (prefix: string, number: number): string =>
  `${prefix}-${String(number).padStart(8, '0')}-4b1c-9d2e-5f60718293a4`;

/** The nth event: run by run, each scan's run starts and then finishes; every fifth fails. */
const nativeEvent = (index: number, scans: number): string => {
  const isFinish = Math.floor(index / scans) % EVENTS_OF_A_RUN === 1;
  const scan = index % scans;
  const run = Math.floor(index / scans / EVENTS_OF_A_RUN);
  const at = new Date(EPOCH + Math.floor(index / scans) * 60_000 + (scan % 60) * 1_000).toISOString();
  const failed = {
    outcome: 'failed',
    reason: 'BackoffLimitExceeded',
    message: 'Job has reached the specified backoff limit',
  };
  const finish = { finishedAt: at, ...((scan + run) % 5 === 0 ? failed : { outcome: 'complete' }) };
  return JSON.stringify({
    specversion: '1.0',
    id: padded('e', index),
    source: '/apis/batch/v1/namespaces/team-checkout/jobs',
    type: `dev.scanstatus.job-${isFinish ? 'finished' : 'started'}.v1`,
    time: at,
    datacontenttype: 'application/json',
    data: {
      scan: { kind: 'ImageScan', namespace: `team-${scan % 100}`, name: `image-${scan}`, uid: padded('5ca', scan) },
      run: { job: `scan-image-${scan}-${run}`, uid: padded('10b', run * scans + scan), generation: 1 },
      ...(isFinish ? finish : { startedAt: at }),
    },
  });
};

/** Writes `events` events about `scans` scans to a file, one a line. */
export const writeNativeEvents = (file: string, events: number, scans: number): void => {
  const descriptor = openSync(file, 'w');
  for (let first = 0; first < events; first += BLOCK) {
    const length = Math.min(BLOCK, events - first);
    writeSync(descriptor, Array.from({ length }, (_, at) => `${nativeEvent(first + at, scans)}\n`).join(''));
  }
  closeSync(descriptor);
};
