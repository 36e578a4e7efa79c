/** Job events in their three shapes: the facts they tell, and what is ignored or rejected. */
import { describe, expect, it } from '@jest/globals';
import { parseInstant } from '../../shared/conditions/instant.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import type { Event } from '../../shared/events/event.ts';
import { readJobEvent } from '../../shared/events/job-event.ts';
import { finishedFact, startedFact } from '../../shared/events/job-facts.ts';
import { Rejected } from '../../shared/events/rejected.ts';
import { latestBelieved, type Scope } from '../../shared/events/scope.ts';
import {
  APISERVER_ADDED,
  APISERVER_DELETED,
  APISERVER_UPDATED,
  JOB_FINISHED,
  JOB_STARTED,
} from '../../shared/events/types.ts';

const GROUP = 'scanning.apps.tanzu.vmware.com';
const SCOPE: Scope = { group: GROUP, kinds: new Set(['ImageScan', 'SourceScan']) };
const LIVE: Scope = { ...SCOPE, latest: latestBelieved(Date.parse('2026-11-23T06:00:00Z')) };
const AT = '2026-11-23T05:51:52Z';
const LATER = '2026-11-23T05:51:55Z';
const SCAN = { kind: 'ImageScan', namespace: 'team', name: 'image', uid: 'scan-uid' };

const eventOf = (type: string, data: JsonObject): Event => ({
  specversion: '1.0',
  id: 'e',
  source: '/s',
  type,
  data,
  extensions: {},
});

/** What each function makes of the event: its run, or why there is none. */
const tell = (type: string, data: JsonObject, scope: Scope = SCOPE): unknown => {
  try {
    const job = readJobEvent(eventOf(type, data), scope);
    const [start, end] = [startedFact(job), finishedFact(job)];
    return { start: 'ignored' in start ? start.ignored : start.run, end: 'ignored' in end ? end.ignored : end.run };
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return error.message;
  }
};

const NO_START = 'the event tells no start';
const NO_END = 'the Job has not finished';

describe('the native shape', () => {
  const RUN = { job: 'scan-1', uid: 'run-uid' };
  const started = { scan: SCAN, run: RUN, startedAt: AT };
  const finished = { scan: SCAN, run: RUN, finishedAt: LATER, outcome: 'complete' };

  it('tells a start', () => {
    expect(
      tell(JOB_STARTED, { ...started, run: { ...RUN, createdAt: '2026-11-23T05:51:50.7Z', generation: 3 } }),
    ).toEqual({
      start: { ...RUN, generation: 3, age: '2026-11-23T05:51:50Z', createdAt: '2026-11-23T05:51:50Z', startedAt: AT },
      end: NO_END,
    });
  });

  it('tells a finish, whose run is as old as the creation and start it speaks of', () => {
    const finish = { at: LATER, outcome: 'complete', message: 'The scan job finished', error: '' };
    expect(tell(JOB_FINISHED, finished)).toMatchObject({ end: { ...RUN, age: LATER, finish } });
    expect(tell(JOB_FINISHED, { ...finished, startedAt: AT })).toMatchObject({ end: { ...RUN, age: AT, finish } });
    expect(tell(JOB_FINISHED, { ...finished, run: { ...RUN, createdAt: AT } })).toMatchObject({
      end: { ...RUN, age: AT, finish },
    });
    expect(tell(JOB_FINISHED, { ...finished, run: { ...RUN, createdAt: AT } })).not.toHaveProperty('end.createdAt');
  });

  it('tells a failure with what is known of it', () => {
    expect(
      tell(JOB_FINISHED, {
        ...finished,
        outcome: 'failed',
        reason: 'OOMKilled',
        message: 'too big',
        error: 'exit code 137',
      }),
    ).toMatchObject({
      end: {
        finish: { at: LATER, outcome: 'failed', reason: 'OOMKilled', message: 'too big', error: 'exit code 137' },
      },
    });
  });

  it.each<[string, string, JsonObject, string]>([
    ['no scan', JOB_STARTED, { run: RUN, startedAt: AT }, 'data.scan: must be an object'],
    ['no uid', JOB_STARTED, { ...started, scan: { ...SCAN, uid: undefined } }, 'data.scan.uid: must be a string'],
    [
      'a namespace that is none',
      JOB_STARTED,
      { ...started, scan: { ...SCAN, namespace: '../etc' } },
      'data.scan.namespace: must be the name of a namespace',
    ],
    [
      'a name that is too long',
      JOB_STARTED,
      { ...started, scan: { ...SCAN, name: 'a'.repeat(254) } },
      'data.scan.name: must not be longer than 253 characters',
    ],
    ['a job that is none', JOB_STARTED, { ...started, run: { ...RUN, job: 7 } }, 'data.run.job: must be a string'],
    [
      'a uid with a slash',
      JOB_STARTED,
      { ...started, run: { ...RUN, uid: 'a/b' } },
      'data.run.uid: must be a uid: 1 to 128 letters, digits, . : _ -',
    ],
    [
      'a generation that is none',
      JOB_STARTED,
      { ...started, run: { ...RUN, generation: 1.5 } },
      'data.run.generation: must be a whole number',
    ],
    [
      'an instant that is none',
      JOB_STARTED,
      { ...started, startedAt: 'now' },
      'data.startedAt: must be an RFC 3339 date-time',
    ],
    [
      'an instant of the wrong type',
      JOB_STARTED,
      { ...started, startedAt: 5 },
      'data.startedAt: must be an RFC 3339 date-time',
    ],
    ['no start in a start', JOB_STARTED, { scan: SCAN, run: RUN }, 'data.startedAt: is required'],
    [
      'a finish in a start',
      JOB_STARTED,
      { ...started, ...finished },
      `data.finishedAt: contradicts the type ${JOB_STARTED}`,
    ],
    ['no finish in a finish', JOB_FINISHED, started, 'data.finishedAt: is required'],
    [
      'a finish without an outcome',
      JOB_FINISHED,
      { ...finished, outcome: undefined },
      'data.outcome: is required with finishedAt: complete or failed',
    ],
    ['another outcome', JOB_FINISHED, { ...finished, outcome: 'ok' }, 'data.outcome: must be complete or failed'],
    ['a reason that is none', JOB_FINISHED, { ...finished, reason: 'no way' }, 'data.reason: must be a CamelCase word'],
    ['a message that is none', JOB_FINISHED, { ...finished, message: [] }, 'data.message: must be a string'],
  ])('is rejected with %s', (_, type, data, problem) => {
    expect(tell(type, JSON.parse(JSON.stringify(data)))).toBe(problem);
  });

  it.each([
    [
      'data.startedAt',
      JOB_STARTED,
      { ...started, startedAt: '2026-11-23T06:10:01Z' },
      '2026-11-23T06:10:01Z is more than 10 minutes ahead of the clock',
    ],
    [
      'data.startedAt',
      JOB_STARTED,
      { ...started, startedAt: '2014-12-31T23:59:59Z' },
      '2014-12-31T23:59:59Z is before 2015',
    ],
    [
      'data.finishedAt',
      JOB_FINISHED,
      { ...finished, finishedAt: '2099-01-01T00:00:00Z' },
      '2099-01-01T00:00:00Z is more than 10 minutes ahead of the clock',
    ],
    [
      'data.run.createdAt',
      JOB_STARTED,
      { ...started, run: { ...RUN, createdAt: '1999-01-01T00:00:00Z' } },
      '1999-01-01T00:00:00Z is before 2015',
    ],
  ])('is believed by a live function only about the past: %s', (field, type, data, problem) => {
    expect(tell(type, data, LIVE)).toBe(`${field}: ${problem}`);
    expect(tell(type, data)).toBeInstanceOf(Object);
  });

  it('is believed as far ahead as clocks may differ', () => {
    expect(tell(JOB_STARTED, { ...started, startedAt: '2026-11-23T06:10:00Z' }, LIVE)).toBeInstanceOf(Object);
    expect(tell(JOB_STARTED, { ...started, startedAt: '2015-01-01T00:00:00Z' }, LIVE)).toBeInstanceOf(Object);
  });
});

const owner = (more: object = {}): object => ({
  apiVersion: `${GROUP}/v1beta1`,
  kind: 'ImageScan',
  name: 'image',
  uid: 'scan-uid',
  controller: true,
  ...more,
});

describe('the scan that owns a Job', () => {
  const owned = (ownerReferences: unknown): unknown =>
    tell(JOB_STARTED, {
      metadata: {},
      reason: 'SuccessfulCreate',
      firstTimestamp: AT,
      involvedObject: { kind: 'Job', namespace: 'team', name: 'scan-1', uid: 'run-uid', ownerReferences },
    });

  it.each([
    ['none', undefined],
    ['null', null],
    ['an empty list', []],
    ['one of another group', [owner({ apiVersion: 'batch/v1' })]],
    ['one of a group that only begins like ours', [owner({ apiVersion: `${GROUP}.evil/v1` })]],
    ['one of another kind', [owner({ kind: 'ScanPolicy' })]],
    ['one that does not control it', [owner({ controller: false })]],
    ['one that does not say that it controls it', [owner({ controller: undefined })]],
  ])('is nobody: %s', (_, owners) => {
    expect(owned(owners)).toEqual({ start: 'no scan owns the Job', end: 'no scan owns the Job' });
  });

  it('is nobody where several say so', () => {
    expect(owned([owner(), owner({ kind: 'SourceScan' })])).toMatchObject({ start: 'several scans own the Job' });
  });

  it('is the one of ours among others', () => {
    expect(owned([owner({ apiVersion: 'v1', kind: 'Pod' }), owner()])).toMatchObject({ start: { uid: 'run-uid' } });
  });

  it('must be named as Kubernetes names', () => {
    expect(owned([owner({ uid: '' })])).toMatch(/^data.involvedObject.ownerReferences.uid: must be a uid/);
  });
});

describe('the shape of kubernetes-event-exporter', () => {
  const kubernetesEvent = (reason: string, more: object = {}, involved: object = {}): JsonObject => ({
    metadata: { creationTimestamp: '2026-11-23T05:59:59Z' },
    reason,
    message: 'what the controller says',
    firstTimestamp: AT,
    eventTime: null,
    involvedObject: {
      kind: 'Job',
      namespace: 'team',
      name: 'scan-1',
      uid: 'run-uid',
      annotations: { [`${GROUP}/scan-generation`]: '7' },
      ownerReferences: [owner()],
      ...involved,
    },
    ...more,
  });
  const RUN = { uid: 'run-uid', job: 'scan-1', generation: 7 };

  it('tells a start by SuccessfulCreate', () => {
    expect(tell(JOB_STARTED, kubernetesEvent('SuccessfulCreate'))).toEqual({
      start: { ...RUN, age: AT, startedAt: AT },
      end: NO_END,
    });
  });

  it('tells success by Completed', () => {
    expect(tell(JOB_FINISHED, kubernetesEvent('Completed'))).toMatchObject({
      start: NO_START,
      end: { ...RUN, finish: { at: AT, outcome: 'complete' } },
    });
  });

  it.each([
    'BackoffLimitExceeded',
    'DeadlineExceeded',
    'PodFailurePolicy',
    'FailedIndexes',
    'MaxFailedIndexesExceeded',
  ])('tells failure by %s', (reason) => {
    const finish = {
      at: AT,
      outcome: 'failed',
      reason,
      message: 'what the controller says',
      error: `${reason}: what the controller says`,
    };
    expect(tell(JOB_FINISHED, kubernetesEvent(reason))).toMatchObject({ end: { finish } });
  });

  it("takes the first instant that the event has, and none of Go's zero", () => {
    const at = (more: object): unknown => tell(JOB_STARTED, kubernetesEvent('SuccessfulCreate', more));
    expect(at({ firstTimestamp: null, eventTime: '2026-11-23T05:52:00.123456Z' })).toMatchObject({
      start: { startedAt: '2026-11-23T05:52:00Z' },
    });
    expect(at({ firstTimestamp: '0001-01-01T00:00:00Z', eventTime: '' })).toMatchObject({
      start: { startedAt: '2026-11-23T05:59:59Z' },
    });
    expect(at({ firstTimestamp: null, metadata: {} })).toBe(
      'data.firstTimestamp: is required, or eventTime, or metadata.creationTimestamp',
    );
    expect(at({ firstTimestamp: 'soon' })).toBe('data.firstTimestamp: must be an RFC 3339 date-time');
    expect(
      tell(JOB_STARTED, kubernetesEvent('SuccessfulCreate', { firstTimestamp: '2099-01-01T00:00:00Z' }), LIVE),
    ).toMatch(/^data.firstTimestamp: 2099/);
  });

  it('is rejected where the type contradicts the reason, even without an owner', () => {
    expect(tell(JOB_STARTED, kubernetesEvent('Completed'))).toBe(
      `data.reason: Completed contradicts the type ${JOB_STARTED}`,
    );
    expect(tell(JOB_FINISHED, kubernetesEvent('SuccessfulCreate', {}, { ownerReferences: [] }))).toBe(
      `data.reason: SuccessfulCreate contradicts the type ${JOB_FINISHED}`,
    );
  });

  it('is ignored for any other reason and any other object', () => {
    expect(tell(JOB_STARTED, kubernetesEvent('Suspended'))).toMatchObject({
      start: 'the reason tells neither a start nor a finish',
    });
    expect(tell(JOB_STARTED, kubernetesEvent('SuccessfulCreate', {}, { kind: 'Pod' }))).toMatchObject({
      start: 'the event is not about a Job',
    });
  });

  it.each([undefined, null, '', 'batch/v1'])('takes a Job whose apiVersion is %j for one', (apiVersion) => {
    expect(tell(JOB_STARTED, kubernetesEvent('SuccessfulCreate', {}, { apiVersion }))).toMatchObject({
      start: { startedAt: AT },
    });
  });

  it('takes a Job of another group for another object', () => {
    expect(
      tell(JOB_STARTED, kubernetesEvent('SuccessfulCreate', {}, { apiVersion: 'batch.volcano.sh/v1alpha1' })),
    ).toMatchObject({ start: 'the event is not about a Job' });
  });

  it.each([['1'.repeat(16)], ['-1'], ['one'], ['']])('takes no generation from the annotation %j', (text) => {
    const read = tell(
      JOB_STARTED,
      kubernetesEvent('SuccessfulCreate', {}, { annotations: { [`${GROUP}/scan-generation`]: text } }),
    );
    expect(read).not.toHaveProperty('start.generation');
  });

  it('is rejected where it does not name its Job', () => {
    expect(tell(JOB_STARTED, kubernetesEvent('SuccessfulCreate', {}, { uid: undefined }))).toBe(
      'data.involvedObject.uid: is required',
    );
    expect(tell(JOB_STARTED, kubernetesEvent('SuccessfulCreate', {}, { name: undefined }))).toBe(
      'data.involvedObject.name: is required',
    );
    expect(tell(JOB_STARTED, { ...kubernetesEvent('SuccessfulCreate'), reason: 7 })).toMatch(/^data.reason: /);
  });
});

describe('a whole Job', () => {
  const final = (type: string, more: object = {}): object => ({
    type,
    status: 'True',
    lastTransitionTime: LATER,
    reason: 'R',
    message: 'm',
    ...more,
  });
  const job = (status: object | undefined, metadata: object = {}): JsonObject => ({
    kind: 'Job',
    apiVersion: 'batch/v1',
    metadata: {
      namespace: 'team',
      name: 'scan-1',
      uid: 'run-uid',
      creationTimestamp: AT,
      ownerReferences: [owner()],
      ...metadata,
    },
    status,
  });
  const RUN = { uid: 'run-uid', job: 'scan-1' };

  it('that was only created tells its creation', () => {
    expect(tell(APISERVER_ADDED, job(undefined))).toEqual({ start: { ...RUN, age: AT, createdAt: AT }, end: NO_END });
  });

  it('that runs tells its start', () => {
    expect(tell(APISERVER_UPDATED, job({ startTime: LATER }))).toMatchObject({
      start: { createdAt: AT, startedAt: LATER, age: AT },
      end: NO_END,
    });
  });

  it('is complete or failed only by its final condition', () => {
    expect(tell(APISERVER_UPDATED, job({ conditions: [final('SuccessCriteriaMet')] }))).toMatchObject({ end: NO_END });
    expect(
      tell(APISERVER_UPDATED, job({ conditions: [final('FailureTarget'), final('Complete', { status: 'False' })] })),
    ).toMatchObject({ end: NO_END });
    expect(
      tell(APISERVER_UPDATED, job({ conditions: [final('SuccessCriteriaMet'), final('Complete')] })),
    ).toMatchObject({ end: { age: AT, finish: { outcome: 'complete', at: LATER } } });
    expect(tell(APISERVER_UPDATED, job({ conditions: [final('Failed')] }))).toMatchObject({
      end: { finish: { outcome: 'failed', reason: 'R', message: 'm', error: 'R: m' } },
    });
  });

  it('needs the instant of its end', () => {
    const undated = final('Complete', { lastTransitionTime: null });
    expect(tell(APISERVER_UPDATED, job({ conditions: [undated], completionTime: AT }))).toMatchObject({
      end: { finish: { at: AT } },
    });
    expect(tell(APISERVER_UPDATED, job({ conditions: [undated] }))).toBe(
      'data.status.conditions: a final condition needs its lastTransitionTime',
    );
  });

  it('that failed without a reason says what is known', () => {
    expect(
      tell(APISERVER_UPDATED, job({ conditions: [final('Failed', { reason: '', message: null })] })),
    ).toMatchObject({ end: { finish: { message: 'The scan job failed', error: 'The scan job failed' } } });
  });

  it('that was deleted before it finished is an inferred failure, at the last that is known of it', () => {
    const inferred = { outcome: 'failed', inferred: true, message: 'The scan job was deleted before it finished' };
    expect(tell(APISERVER_DELETED, job({ startTime: AT }, { deletionTimestamp: LATER }))).toMatchObject({
      end: { finish: { ...inferred, at: LATER } },
    });
    expect(
      tell(
        APISERVER_DELETED,
        job(undefined, { managedFields: [{ time: '2026-11-23T05:53:00Z' }, { time: null }, {}] }),
      ),
    ).toMatchObject({ end: { finish: { ...inferred, at: '2026-11-23T05:53:00Z' } } });
    expect(
      tell(
        APISERVER_DELETED,
        job({ startTime: LATER, conditions: [final('FailureTarget', { lastTransitionTime: null })] }),
      ),
    ).toMatchObject({ end: { finish: { ...inferred, at: LATER } } });
    expect(tell(APISERVER_DELETED, job({ conditions: [final('Complete')] }))).toMatchObject({
      end: { finish: { outcome: 'complete' } },
    });
  });

  it('is ignored without an owner, and is anything but a Job', () => {
    expect(tell(APISERVER_ADDED, job(undefined, { ownerReferences: null }))).toMatchObject({
      start: 'no scan owns the Job',
    });
    expect(tell(APISERVER_ADDED, { kind: 'ScanPolicy' })).toMatchObject({ start: 'the object is not a Job' });
  });

  it('is rejected where it is malformed', () => {
    expect(tell(APISERVER_ADDED, {})).toBe('data.kind: must be the kind of the object');
    expect(tell(APISERVER_ADDED, job(undefined, { creationTimestamp: undefined }))).toBe(
      'data.metadata.creationTimestamp: must be an RFC 3339 date-time',
    );
    expect(tell(APISERVER_UPDATED, job({ conditions: [{}] }))).toMatch(/^data.status.conditions.0.type: /);
    expect(tell(APISERVER_DELETED, job(undefined, { deletionTimestamp: '2099-01-01T00:00:00Z' }), LIVE)).toMatch(
      /^data.metadata.deletionTimestamp: 2099/,
    );
    expect(tell(APISERVER_UPDATED, job({ startTime: '2099-01-01T00:00:00Z' }), LIVE)).toMatch(
      /^data.status.startTime: 2099/,
    );
  });

  it('tells the same under a type of ours', () => {
    expect(tell(JOB_FINISHED, job({ conditions: [final('Complete')] }))).toMatchObject({
      end: { finish: { outcome: 'complete' } },
    });
  });
});

describe('data of no known shape', () => {
  it('is rejected with what would be known', () => {
    expect(tell(JOB_STARTED, { a: 1 })).toBe(
      'data: must hold scan and run, a Kubernetes Event with its involvedObject, or a Job',
    );
  });

  it('makes no instant that its text does not tell', () => {
    expect(parseInstant(AT)).toBe(AT);
  });
});
