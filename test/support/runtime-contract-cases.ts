/** The cases of the answers: an event, what comes before it, the world it arrives in, and what becomes of it. */
import type { JsonObject } from '../../shared/conditions/status.ts';
import { JOB_FINISHED, JOB_STARTED } from '../../shared/events/types.ts';
import { evaluatedEvent, finishedEvent, finishedJobEvent, startedEvent, withData } from './http-messages.ts';
import { webhookRequests } from './recorded.ts';

export type Outcome = 'refused' | 'rejected' | 'ignored' | 'superseded' | 'duplicate' | 'applied' | 'unavailable';

/**
 * What the functions work with: a store of their own; one that is away; one whose scans are gone; one in which others are
 * always faster; and keys that verdicts must be signed with.
 */
export const WORLDS = ['usual', 'away', 'gone', 'contested', 'signed'] as const;
export type World = (typeof WORLDS)[number];

/** An event for a function. */
interface Sending {
  readonly event: JsonObject;
  readonly to: string;
}

export interface Case extends Sending {
  readonly what: string;
  readonly world?: World;
  /** What was sent before. */
  readonly after?: readonly Sending[];
  readonly outcome: Outcome;
  /** The HTTP status. */
  readonly http: number;
  /** What the status of the scan `image` then says; absent, what it said before. */
  readonly leaves?: JsonObject;
}

const start = (told: Parameters<typeof startedEvent>[0] = {}): Sending => ({
  event: startedEvent(told),
  to: 'job-started',
});
const finish = (told: Parameters<typeof finishedEvent>[0] = {}): Sending => ({
  event: finishedEvent(told),
  to: 'job-finished',
});
const evaluated: Sending = { event: evaluatedEvent(), to: 'policy-evaluated' };

const NEWER = start({ run: 'newer', at: '2025-06-02T00:00:00Z' });

const without = (event: JsonObject, name: string): JsonObject => {
  const { [name]: _, ...others } = event;
  return others;
};

const finishWith = (data: JsonObject): Sending => ({ event: withData(finishedEvent(), data), to: 'job-finished' });

const [request] = webhookRequests;
const EXPORTED: JsonObject = JSON.parse(request?.body ?? '');
const exportedAs = (type: string, data: JsonObject = {}): JsonObject => ({
  ...startedEvent(),
  type,
  data: { ...EXPORTED, ...data },
});

const DONE: readonly Case[] = [
  { what: 'a start', ...start(), outcome: 'applied', http: 200, leaves: { phase: 'Scanning' } },
  { what: 'a finish', ...finish(), outcome: 'applied', http: 200, leaves: { phase: 'Completed' } },
  { what: 'a verdict', ...evaluated, outcome: 'applied', http: 200, leaves: { phase: 'Completed' } },
  {
    what: 'a Job seen whole',
    event: finishedJobEvent(),
    to: 'job-finished',
    outcome: 'applied',
    http: 200,
    leaves: { phase: 'Completed' },
  },
  { what: 'a start seen twice', ...start(), after: [start()], outcome: 'duplicate', http: 204 },
  { what: 'a start after its finish', ...start(), after: [start(), finish()], outcome: 'duplicate', http: 204 },
  { what: 'a finish seen twice', ...finish(), after: [finish()], outcome: 'duplicate', http: 200 },
  { what: 'a verdict seen twice', ...evaluated, after: [evaluated], outcome: 'duplicate', http: 200 },
  {
    what: 'an older run than the newest',
    ...finish({ run: 'older' }),
    after: [NEWER],
    outcome: 'superseded',
    http: 204,
    leaves: { phase: 'Scanning', runs: [{ uid: 'newer' }, { uid: 'older' }] },
  },
  { what: 'a scan that is gone', world: 'gone', ...finish(), outcome: 'superseded', http: 204 },
  { what: 'a kind that is none of ours', ...start({ kind: 'CronScan' }), outcome: 'ignored', http: 204 },
  {
    what: 'a reason that tells nothing',
    event: exportedAs(JOB_STARTED, { reason: 'SuccessfulDelete' }),
    to: 'job-started',
    outcome: 'ignored',
    http: 204,
  },
  {
    what: 'an event about no Job',
    event: exportedAs(JOB_STARTED, { involvedObject: { kind: 'Pod' } }),
    to: 'job-started',
    outcome: 'ignored',
    http: 204,
  },
];

const REQUIRED: readonly Case[] = ['id', 'source', 'type', 'specversion'].map((name) => ({
  what: `an event without ${name}`,
  event: without(finishedEvent(), name),
  to: 'job-finished',
  outcome: 'rejected',
  http: 400,
}));

const MALFORMED: readonly (readonly [what: string, sending: Sending])[] = [
  ['a time that is none', { event: { ...finishedEvent(), time: 'yesterday' }, to: 'job-finished' }],
  ['another specversion', { event: { ...finishedEvent(), specversion: '0.3' }, to: 'job-finished' }],
  ['data that is no object', { event: { ...finishedEvent(), data: [] }, to: 'job-finished' }],
  ['data without a scan', finishWith({ scan: undefined })],
  ['a scan whose name is none', finish({ name: 'No_Name' })],
  ['an instant that is none', finish({ at: 'soon' })],
  ['an instant of the far future', finish({ at: '2099-01-01T00:00:00Z' })],
  ['an outcome that nobody knows', finishWith({ outcome: 'fine' })],
  ['a type that contradicts its reason', { event: exportedAs(JOB_FINISHED), to: 'job-finished' }],
  ['a type that the function does not take', { ...finish(), to: 'job-started' }],
  ['a type that no function takes', { event: { ...finishedEvent(), type: 'com.example.other' }, to: 'job-finished' }],
  ['an attribute whose name is the prototype', { event: JSON.parse('{"__proto__":1}'), to: 'job-finished' }],
];

const TOO_LARGE = finishWith({ message: 'x'.repeat(1_048_576) });

const UNTAKEN: readonly Case[] = [
  ...REQUIRED,
  ...MALFORMED.map(([what, sending]): Case => ({ what, ...sending, outcome: 'rejected', http: 400 })),
  { what: 'an event larger than 1 MiB', ...TOO_LARGE, outcome: 'rejected', http: 413 },
  {
    what: 'data of another media type',
    event: { ...finishedEvent(), datacontenttype: 'text/xml' },
    to: 'job-finished',
    outcome: 'rejected',
    http: 415,
  },
  { what: 'a verdict that nobody signed', world: 'signed', ...evaluated, outcome: 'refused', http: 401 },
  {
    what: 'a verdict with a signature of somebody else',
    world: 'signed',
    event: { ...evaluatedEvent(), scansignature: 'eyJhbGciOiJFZERTQSJ9..AAAA' },
    to: 'policy-evaluated',
    outcome: 'refused',
    http: 403,
  },
  { what: 'a finish while the store is away', world: 'away', ...finish(), outcome: 'unavailable', http: 503 },
  {
    what: 'a finish while others write all the time',
    world: 'contested',
    ...finish(),
    outcome: 'unavailable',
    http: 503,
  },
  {
    what: 'what is wrong, while the store is away',
    world: 'away',
    ...finish({ at: 'soon' }),
    outcome: 'rejected',
    http: 400,
  },
];

export const CASES: readonly Case[] = [...DONE, ...UNTAKEN];
