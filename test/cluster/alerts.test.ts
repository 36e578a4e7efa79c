/**
 * Alerts as they are told in a cluster: what three processes remember of them in ConfigMaps of a real API server, while a
 * real Alertmanager is told and is often not there; in the end its own API says what is firing.
 */
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Receiver } from '../../shared/alerts/alert.ts';
import { alertmanagerReceiver } from '../../shared/alerts/receivers/alertmanager.ts';
import { openAlertState } from '../../shared/alerts/state/open.ts';
import type { Event } from '../../shared/events/event.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { started } from '../support/alert-changes.ts';
import { openLife } from '../support/alert-lives.ts';
import { storyOf } from '../support/alert-stories.ts';
import { firingIn, startAlertmanager } from '../support/real-alertmanager.ts';
import { cluster } from './support/access.ts';
import { apiOf } from './support/api.ts';
import { realConnections } from './support/real-connections.ts';
import { newNamespace } from './support/scans.ts';

jest.setTimeout(240_000);

const SCANS = 40;
const REPEATED = 3;
const AT_ONCE = 24;
const MINUTE = 60_000;
const TICK: Event = { ...started({ run: 0 }), type: 'dev.scanstatus.alerts-due.v1', data: {} };

const alertmanager = await startAlertmanager();
afterAll(() => alertmanager?.stop());

const generator = xoroshiro128plus(7);
const dice = (most: number): number => (generator.next() >>> 0) % most;

const shuffled = <T>(all: readonly T[]): readonly T[] =>
  all
    .map((value) => ({ value, at: dice(2 ** 30) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value);

/** A receiver of which one request in five does not arrive; it keeps account of what it told. */
const unreliable = (receiver: Receiver) => {
  const told: string[] = [];
  return {
    told,
    receiver: {
      ...receiver,
      send: async (...message: Parameters<Receiver['send']>) => {
        if (dice(5) === 0) throw new Unavailable(`${receiver.name}: is not there`, { retryAfter: 1 });
        const ref = await receiver.send(...message);
        const [{ scan, condition, status, to }] = message;
        told.push(`${scan.namespace}/${scan.name} ${condition} ${status} ${to}`);
        return ref;
      },
    },
  };
};

(alertmanager === undefined ? describe.skip : describe)('alerts of a cluster', () => {
  const connect = realConnections();

  it('are told once by many processes, and Alertmanager knows what is open', async () => {
    const namespace = await newNamespace(apiOf(cluster()), 'alerts');
    const { events, open } = storyOf(SCANS, dice);
    const { told, receiver } = unreliable(
      alertmanagerReceiver({
        name: 'ops',
        url: String(alertmanager?.url),
        privateAddresses: ['127.0.0.0/8'],
        rate: { perSecond: 10_000, burst: 10_000 },
      }),
    );
    let ahead = 0;
    const now = () => Date.now() + ahead;
    const lives = await Promise.all(
      [0, 1, 2].map(async () =>
        openLife(await openAlertState({ configMaps: { namespace } }, connect(cluster())), [receiver], now),
      ),
    );
    const handle = async (event: Event): Promise<readonly Event[]> => {
      try {
        await lives[dice(lives.length)]?.handle(event);
        return [];
      } catch (error) {
        if (error instanceof Unavailable) return [event];
        throw error;
      }
    };
    let left = shuffled(Array.from({ length: REPEATED }, () => events).flat());
    while (left.length > 0) {
      const failed: Event[] = [];
      for (let from = 0; from < left.length; from += AT_ONCE)
        failed.push(...(await Promise.all(left.slice(from, from + AT_ONCE).map(handle))).flat());
      left = failed;
      ahead += 10 * MINUTE;
    }
    // What was held back because it changed too often, and what failed in a tick.
    for (let hours = 0; hours < 4; hours += 1) {
      ahead += 61 * MINUTE;
      for (let ticks = 0; ticks < 10; ticks += 1) await lives[0]?.handle(TICK);
    }

    const firing = await firingIn({ url: String(alertmanager?.url) });
    const subjects = firing.map(({ labels }) => `${labels.namespace}/${labels.name} ${labels.condition}`);
    expect(subjects.toSorted()).toEqual([...open].toSorted());
    const bySubject = Object.values(Object.groupBy(told, (line) => line.split(' ').slice(0, 2).join(' ')));
    const repeated = bySubject.flatMap((all = []) => all.filter((line, at) => all[at - 1] === line));
    expect(repeated).toEqual([]);
    expect(told.length).toBeGreaterThan(open.size);
  });
});
