/**
 * The event that a fact causes: what people and alerts hear of.
 *
 * A function of the scan and the fact as its run keeps it: sent again after a crash it is the same event, with the same
 * `id`. Only the run's `age`, `phase` and `conditions` are as they stood when it was sent, and so advisory.
 */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../conditions/canonical.ts';
import { type Fact, factInstant, type Run } from '../conditions/facts.ts';
import { changesOf } from '../conditions/project.ts';
import type { JsonObject } from '../conditions/status.ts';
import type { Event } from './event.ts';
import { STATUS_CHANGED } from './types.ts';

/** What `status-changed` needs beside the fact. */
export interface StatusChange {
  readonly fact: Fact;
  /** The scan's status after the fact. */
  readonly status: () => JsonObject;
  readonly labels?: Readonly<Record<string, string>>;
}

const CARRIED = ['traceparent', 'scanreplay'] as const;

const carried = ({ extensions }: Event): JsonObject =>
  Object.fromEntries(CARRIED.filter((name) => name in extensions).map((name) => [name, extensions[name]]));

/** Of what is known of the run, only what this fact told: whatever came before or after, it says the same. */
const toldBy = ({ type, run: { uid, age, createdAt, startedAt, finish, verdict } }: Fact): Run => {
  if (type === 'finished') return { uid, age, ...(finish && { finish }) };
  if (type === 'evaluated') return { uid, age, ...(verdict && { verdict }) };
  return { uid, age, ...(startedAt ? { startedAt } : createdAt && { createdAt }) };
};

const idOfFact = ({ scan, type }: Fact, { age: _, ...told }: Run): string =>
  createHash('sha256')
    .update(canonicalJson([scan.uid, type, told]))
    .digest('hex');

/** The fields of a status that the event passes on. */
const PASSED_ON = ['phase', 'conditions', 'artifact'];

/** The CloudEvent, in JSON, that says what `cause` changed. */
export const statusChanged = ({ fact, status, labels }: StatusChange, cause: Event, cluster: string): JsonObject => {
  const { scan, type } = fact;
  const run = toldBy(fact);
  const at = factInstant(fact);
  const passedOn = Object.entries(status()).filter(([name]) => PASSED_ON.includes(name));
  return {
    specversion: '1.0',
    id: idOfFact(fact, run),
    source: `/scanstatus/${cluster}`,
    type: STATUS_CHANGED,
    subject: `${scan.namespace}/${scan.kind}/${scan.name}`,
    time: at,
    datacontenttype: 'application/json',
    ...carried(cause),
    data: {
      scan: labels === undefined ? scan : { ...scan, labels },
      run: { uid: run.uid, age: run.age },
      fact: { type, at },
      changes: changesOf(type, run),
      ...Object.fromEntries(passedOn),
      ...(run.verdict?.cveCount && { cveCount: run.verdict.cveCount }),
      ...(run.verdict?.worst && { worst: run.verdict.worst }),
    },
  };
};
