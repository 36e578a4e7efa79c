/**
 * A scan's status changed: whoever asked for it is told, once, and told again when the reason is gone.
 *
 * Writes nothing in the cluster's scans. What is to be told follows from when things happened, not from when their events
 * came; what a receiver did not take now is for the event's source, or the next tick, to bring again.
 */
import { lookAt } from '../../shared/alerts/look-at.ts';
import type { AlertServices } from '../../shared/alerts/services.ts';
import { type Outcome, tell } from '../../shared/alerts/tell.ts';
import { tellDue } from '../../shared/alerts/tell-due.ts';
import type { Event } from '../../shared/events/event.ts';
import { Rejected } from '../../shared/events/rejected.ts';
import { type Ignored, isIgnored, type Scope } from '../../shared/events/scope.ts';
import { readStatusChange } from '../../shared/events/status-change.ts';
import { ALERTS_DUE, KNATIVE_PING, STATUS_CHANGED } from '../../shared/events/types.ts';
import type { Handled, WorkingFunction } from '../../shared/runtime/function.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';

const instantText = (milliseconds: number): string => new Date(milliseconds).toISOString().replace(/\.\d+/, '');

/** What happened to an alert, for the log: at night somebody asks why nobody was told. */
const saidOf = ({ receiver, messages, next }: Outcome): readonly string[] => [
  ...(messages > 0 ? [`${receiver}: told`] : []),
  ...(next.what === 'held' ? [`${receiver}: held back until ${instantText(next.until)}`] : []),
  ...('why' in next ? [`${next.why}, tried again at ${instantText(next.until)}`] : []),
];

/** A tick may be about hundreds of alerts. */
const MOST_SAID = 10;

const whyOf = (said: readonly string[]): string => {
  const left = said.length - MOST_SAID;
  return [...said.slice(0, MOST_SAID), ...(left > 0 ? [`and ${left} more`] : [])].join('; ');
};

/** Until when (milliseconds) it is not told, and why. */
const waitOf = ({ receiver, next }: Outcome): readonly { readonly until: number; readonly why: string }[] => {
  if (next.what === 'failed') return [next];
  return next.what === 'sending' ? [{ until: next.until, why: `${receiver}: is being told by somebody else` }] : [];
};

/** Throws where an alert could not be told: `Unavailable`, it may be later; `Rejected`, it never will be as it is. */
const checkTold = (outcomes: readonly Outcome[], now: number): void => {
  const waits = outcomes.flatMap(waitOf);
  const [first] = waits;
  if (first !== undefined) {
    const until = Math.max(...waits.map((wait) => wait.until));
    throw new Unavailable(first.why, { retryAfter: Math.max(1, Math.ceil((until - now) / 1_000)) });
  }
  for (const { next } of outcomes) if (next.what === 'refused') throw new Rejected('alert', next.why);
};

const handleChange = async (event: Event, scope: Scope, services: AlertServices): Promise<Handled | Ignored> => {
  const { telling, replays, inTurn, keepsDue } = services;
  const change = readStatusChange(event, scope);
  if (isIgnored(change)) return change;
  if (Object.hasOwn(event.extensions, 'scanreplay') && replays === 'quiet')
    return { ignored: 'what is replayed alerts nobody' };
  if (telling.receivers.size === 0) return { ignored: 'there is nobody to be told' };
  const keys = await lookAt(change, services);
  const outcomes = await Promise.all(keys.map((key) => inTurn(key, () => tell(key, telling))));
  if (!keepsDue) checkTold(outcomes, telling.now());
  const said = outcomes.flatMap(saidOf);
  const { scan } = change;
  if (said.length === 0) return { outcome: 'duplicate', scan, emits: [] };
  return { outcome: 'applied', scan, emits: [], why: said.join('; ') };
};

export const alert = (services: AlertServices): WorkingFunction => ({
  name: 'alert',
  accepts: [STATUS_CHANGED, ALERTS_DUE, KNATIVE_PING],
  handle: async (event, scope) => {
    if (event.type !== STATUS_CHANGED) {
      const told = await tellDue(services);
      const said = told.flatMap((one) => saidOf(one).map((words) => `${one.about}: ${words}`));
      return { outcome: 'applied', emits: [], ...(said.length > 0 && { why: whyOf(said) }) };
    }
    const handled = await handleChange(event, scope, services);
    return isIgnored(handled) ? { outcome: 'ignored', why: handled.ignored, emits: [] } : handled;
  },
});
