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

type Read = (body: string) => readonly Heard[];

const readWebhook: Read = (body) => {
  const { data } = fieldsOf(parsed(body));
  const { scan, condition, status, to } = fieldsOf(data);
  const { namespace, name } = fieldsOf(scan);
  return [{ subject: `${namespace}/${name} ${condition}`, status: status as Heard['status'], to: String(to) }];
};

/** A resolved incident is known by its key alone. */
const openPagerDuty = (): Read => {
  const byKey = new Map<string, string>();
  return (body) => {
    const event = fieldsOf(parsed(body));
    const key = String(event['dedup_key']);
    if (event['event_action'] === 'resolve') return [{ subject: byKey.get(key) ?? '?', status: 'resolved' }];
    const heard = said(textsIn(event));
    byKey.set(key, heard.subject);
    return [heard];
  };
};

/** A reply in a thread says again what its message says, and an update that changes nothing is not seen. */
const openSlackApi = (): Read => {
  const shown = new Map<unknown, string>();
  return (body) => {
    const { ts, thread_ts: thread } = fieldsOf(parsed(body));
    if (thread !== undefined || (ts !== undefined && shown.get(ts) === body)) return [];
    shown.set(ts, body);
    return [said(textsIn(parsed(body)))];
  };
};

const openAlertmanager =
  (now: () => number): Read =>
  (body) =>
    (parsed(body) as readonly Label[]).map(({ labels, endsAt }) => ({
      subject: `${labels.namespace}/${labels.name} ${labels.condition}`,
      status: Date.parse(endsAt) <= now() ? 'resolved' : 'firing',
    }));

/** Reads the requests of one receiver, in the order in which it took them. */
export const openEar = (what: string, now: () => number): ((asked: Asked, answered: Answered) => readonly Heard[]) => {
  const readers: Readonly<Record<string, Read>> = {
    Alertmanager: openAlertmanager(now),
    PagerDuty: openPagerDuty(),
    SNS: (body) => [sns(new URLSearchParams(body).get('Message') ?? '')],
    'Slack API': openSlackApi(),
    webhook: readWebhook,
  };
  const read = readers[what] ?? ((body) => [said(textsIn(parsed(body)))]);
  return ({ body }, answered) => (isTaken(answered) ? read(body) : []);
};
