/**
 * Alertmanager's API v2, as its code takes alerts: one for each set of labels, the later word about it standing.
 *
 * @see https://github.com/prometheus/alertmanager/blob/main/api/v2/api.go — postAlertsHandler
 * @see https://github.com/prometheus/alertmanager/blob/main/alert/alert.go — Validate, Merge
 */
import { fieldsOf, parsed, type TestClock, type Vendor } from './receiver-server.ts';

type Labels = Readonly<Record<string, string>>;

interface PostedAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAt: string;
  readonly endsAt: string;
}

export interface Alertmanager {
  readonly vendor: Vendor;
  readonly firing: () => readonly PostedAlert[];
}

const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

const areLabels = (value: unknown): boolean =>
  Object.entries(fieldsOf(value)).every(
    ([name, text]) => LABEL_NAME.test(name) && typeof text === 'string' && text.isWellFormed(),
  );

const problemOf = (alert: unknown): string | undefined => {
  const { labels, annotations, startsAt, endsAt } = fieldsOf(alert);
  if (!areLabels(labels) || !areLabels(annotations)) return 'invalid label set';
  // Empty labels are dropped, and none may be all.
  if (Object.values(fieldsOf(labels)).every((value) => value === '')) return 'at least one label pair required';
  if (![startsAt, endsAt].every((at) => DATE_TIME.test(String(at)))) return 'invalid date-time';
  return Date.parse(String(endsAt)) < Date.parse(String(startsAt)) ? 'start time must be before end time' : undefined;
};

export const alertmanager = ({ now }: TestClock): Alertmanager => {
  const alerts = new Map<string, PostedAlert>();
  return {
    firing: () => [...alerts.values()].filter(({ endsAt }) => Date.parse(endsAt) > now()),
    vendor: ({ method, path, headers, body }) => {
      if (path !== '/api/v2/alerts' || method !== 'POST') return { status: 404 };
      if (headers['content-type'] !== 'application/json') return { status: 415 };
      const posted = parsed(body);
      if (!Array.isArray(posted)) return { status: 400, body: '{"code":400,"message":"parsing alerts body failed"}' };
      const problem = posted.map(problemOf).find((found) => found !== undefined);
      if (problem !== undefined) return { status: 400, body: JSON.stringify(problem) };
      for (const alert of posted as readonly PostedAlert[]) {
        alerts.set(JSON.stringify(Object.entries(alert.labels).sort()), alert);
      }
      return { status: 200 };
    },
  };
};
