/** What somebody at a receiver has heard: of each request that it took, which scan, which condition, and what of it. */
import { type Answered, type Asked, fieldsOf, parsed } from './receiver-server.ts';

export interface Heard {
  /** `NAMESPACE/NAME CONDITION`. */
  readonly subject: string;
  readonly status: 'firing' | 'resolved';
  /** What the condition was told to be, where that was said. */
  readonly to?: string;
}

const isTaken = ({ status, body = '' }: Answered): boolean => status < 300 && fieldsOf(parsed(body))['ok'] !== false;

/** All texts of a value, in their order. */
const textsIn = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : typeof value === 'object' && value !== null
      ? Object.values(value).map(textsIn).join('\n')
      : '';

const said = (text: string): Heard => {
  const [, scan = '?'] = /ImageScan (\S+\/[\w-]+)/.exec(text) ?? [];
  const [, condition = '?', to = '?'] =
    /\b(Scanning|Succeeded|PolicySucceeded) is (True|False|Unknown)/.exec(text) ?? [];
  return { subject: `${scan} ${condition}`, status: text.includes('[RESOLVED]') ? 'resolved' : 'firing', to };
};

/** In its title no brackets may stand. */
const sns = (message: string): Heard => {
  const { eventType } = fieldsOf(fieldsOf(parsed(message))['metadata']);
  return { ...said(message), status: eventType as Heard['status'] };
};

interface Label {
  readonly labels: Readonly<Record<string, string>>;
  readonly endsAt: string;
}

/** Reads the requests of one receiver, in the order in which it took them. */
export const openEar = (what: string, now: () => number): ((asked: Asked, answered: Answered) => readonly Heard[]) => {
  const byKey = new Map<string, string>();
  const pagerDuty = (body: Readonly<Record<string, unknown>>): Heard => {
    const key = String(body['dedup_key']);
    if (body['event_action'] === 'resolve') return { subject: byKey.get(key) ?? '?', status: 'resolved' };
    const heard = said(`${textsIn(body)}`);
    byKey.set(key, heard.subject);
    return heard;
  };
  const alertmanager = ({ labels, endsAt }: Label): Heard => ({
    subject: `${labels.namespace}/${labels.name} ${labels.condition}`,
    status: Date.parse(endsAt) <= now() ? 'resolved' : 'firing',
  });
  return ({ body }, answered) => {
    if (!isTaken(answered)) return [];
    if (what === 'Alertmanager') return (parsed(body) as readonly Label[]).map(alertmanager);
    if (what === 'PagerDuty') return [pagerDuty(fieldsOf(parsed(body)))];
    if (what === 'SNS') return [sns(new URLSearchParams(body).get('Message') ?? '')];
    if (what !== 'webhook') return [said(textsIn(parsed(body)))];
    const { data } = fieldsOf(parsed(body));
    const { scan, condition, status, to } = fieldsOf(data);
    const { namespace, name } = fieldsOf(scan);
    const subject = `${namespace}/${name} ${condition}`;
    return [{ subject, status: status as Heard['status'], to: String(to) }];
  };
};
