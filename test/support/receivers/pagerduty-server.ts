/**
 * PagerDuty's Events API v2 for one integration, with its open incidents.
 *
 * @see https://developer.pagerduty.com/docs/send-alert-event
 * @see https://developer.pagerduty.com/docs/events-api-v2-overview#response-codes--retry-logic
 */
import { type Answered, fieldsOf, limiter, parsed, type TestClock, type Vendor } from './receiver-server.ts';

export const ROUTING_KEY = '0123456789abcdef0123456789abcdef';

type Fields = Readonly<Record<string, unknown>>;

export interface PagerDuty {
  readonly vendor: Vendor;
  /** The triggers of each open incident, by its key. */
  readonly open: ReadonlyMap<string, readonly Fields[]>;
  /** How often each key's incident was opened. */
  readonly opened: ReadonlyMap<string, number>;
}

const isWithin = (value: unknown, most: number): boolean =>
  typeof value === 'string' && value.length >= 1 && value.length <= most;

const payloadErrors = (payload: Fields): readonly string[] => [
  ...(isWithin(payload['summary'], 1_024) ? [] : ["'payload.summary' is missing, blank or too long"]),
  ...(isWithin(payload['source'], 255) ? [] : ["'payload.source' is missing or blank"]),
  ...(['critical', 'error', 'warning', 'info'].includes(String(payload['severity']))
    ? []
    : ["'payload.severity' is invalid (must be one of: 'critical', 'warning', 'error' or 'info')"]),
  ...(Number.isNaN(Date.parse(String(payload['timestamp']))) ? ["'payload.timestamp' is invalid"] : []),
];

const errorsIn = (event: Fields): readonly string[] => [
  ...(event['routing_key'] === ROUTING_KEY ? [] : [`'routing_key' ${String(event['routing_key'])} is invalid`]),
  ...(['trigger', 'acknowledge', 'resolve'].includes(String(event['event_action']))
    ? []
    : ["'event_action' is invalid"]),
  ...(isWithin(event['dedup_key'], 255) ? [] : ["'dedup_key' is missing or too long"]),
  ...(event['event_action'] === 'trigger' ? payloadErrors(fieldsOf(event['payload'])) : []),
];

const invalid = (errors: readonly string[]): Answered => ({
  status: 400,
  body: JSON.stringify({ status: 'invalid event', message: 'Event object is invalid', errors }),
});

export const pagerDuty = (clock: TestClock): PagerDuty => {
  const isTooFast = limiter(120, 60_000, clock);
  const open = new Map<string, Fields[]>();
  const opened = new Map<string, number>();
  const take = (event: Fields): void => {
    const key = String(event['dedup_key']);
    if (event['event_action'] === 'resolve') open.delete(key);
    if (event['event_action'] !== 'trigger') return;
    if (!open.has(key)) opened.set(key, (opened.get(key) ?? 0) + 1);
    open.set(key, [...(open.get(key) ?? []), fieldsOf(event['payload'])]);
  };
  return {
    open,
    opened,
    vendor: ({ method, path, body }) => {
      if (path !== '/v2/enqueue' || method !== 'POST') return { status: 404 };
      // It says no time to wait.
      if (isTooFast() !== undefined) return { status: 429, body: '{"status":"throttle exceeded"}' };
      if (Buffer.byteLength(body) > 512 * 1_024) return { status: 413 };
      const event = fieldsOf(parsed(body));
      const errors = errorsIn(event);
      if (errors.length > 0) return invalid(errors);
      take(event);
      const said = { status: 'success', message: 'Event processed', dedup_key: event['dedup_key'] };
      return { status: 202, body: JSON.stringify(said) };
    },
  };
};
