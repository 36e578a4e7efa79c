/** Status-changed events as our own functions send them: of a start, an end and a verdict of a run. */
import {
  completeFinish,
  deletedFinish,
  type Fact,
  failedFinish,
  type Run,
  verdictTexts,
} from '../../shared/conditions/facts.ts';
import type { Instant } from '../../shared/conditions/instant.ts';
import { project } from '../../shared/conditions/project.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { type Event, readEvent } from '../../shared/events/event.ts';
import { statusChanged } from '../../shared/events/status-changed.ts';

/** The instant so many minutes into the morning on which the runs of tests begin. */
export const minute = (minutes: number): Instant =>
  new Date(Date.UTC(2026, 2, 1, 8) + minutes * 60_000).toISOString().replace('.000Z', 'Z') as Instant;

export interface OfRun {
  readonly scan?: string;
  /** Which of the scans that had the name, the first unless told otherwise. */
  readonly life?: number;
  readonly kind?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** When it began, in minutes; its uid is made of it. */
  readonly run: number;
  /** When the fact was, in minutes after that. */
  readonly after?: number;
  /** Attributes of the event beyond its own. */
  readonly extensions?: JsonObject;
}

const CAUSE: Event = readEvent({ specversion: '1.0', id: '1', source: '/t', type: 't', data: {} });
const ARTIFACT = { registry: { image: 'registry.example/shop/cart:1' } };

const changed = (type: Fact['type'], told: Omit<Run, 'uid' | 'age'>, of: OfRun): Event => {
  const { scan = 'cart', kind = 'ImageScan', namespace = 'shop', life = 0, labels, run, extensions = {} } = of;
  const ref = { kind, namespace, name: scan, uid: `uid-${namespace}-${scan}${life === 0 ? '' : `-${life}`}` };
  const whole: Run = { uid: `run-${run}`, age: minute(run), ...told };
  const status = () => project({}, [whole], { namesPolicy: true, artifact: ARTIFACT });
  const cause = { fact: { scan: ref, type, run: whole }, status, ...(labels && { labels }) };
  return readEvent({ ...statusChanged(cause, CAUSE, 'prod-eu'), ...extensions });
};

export const started = (of: OfRun): Event => changed('started', { startedAt: minute(of.run) }, of);

const end = ({ run, after = 1 }: OfRun): Instant => minute(run + after);

export const completed = (of: OfRun): Event => changed('finished', { finish: completeFinish(end(of)) }, of);
export const crashed = (of: OfRun): Event =>
  changed('finished', { finish: failedFinish(end(of), { reason: 'BackoffLimitExceeded', message: 'It failed' }) }, of);
export const deleted = (of: OfRun): Event => changed('finished', { finish: deletedFinish(end(of)) }, of);

const verdict = (said: 'passed' | 'failed' | 'error', ids: readonly string[], of: OfRun): Event => {
  const worst = ids.slice(0, 20).map((id) => ({ id, severity: 'HIGH', component: 'openssl 3.0.1', fixedIn: '3.0.2' }));
  const policy = { name: 'strict', digest: 'sha256:1' };
  const told = { at: end(of), policy, verdict: said, ...verdictTexts(said, ids, 'no bundle'), worst };
  return changed('evaluated', { verdict: told }, of);
};

export const passed = (of: OfRun): Event => verdict('passed', [], of);
export const failed = (of: OfRun, ids: readonly string[] = ['CVE-2026-1']): Event => verdict('failed', ids, of);
export const unjudged = (of: OfRun): Event => verdict('error', [], of);
