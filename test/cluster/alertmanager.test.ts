/** The Alertmanager receiver against a real Alertmanager, whose own API says what is firing. */
import { afterAll, describe, expect, it, jest } from '@jest/globals';
import * as fc from 'fast-check';
import { alertmanagerReceiver } from '../../shared/alerts/receivers/alertmanager.ts';
import { firingIn, startAlertmanager } from '../support/real-alertmanager.ts';
import { anAlert, hostileAlert, resolved } from '../support/receivers/alerts.ts';

// The machine may be busy.
jest.setTimeout(120_000);

const alertmanager = await startAlertmanager();
afterAll(() => alertmanager?.stop());

const DAY = 86_400_000;

/** Labels as a text: two are the same alert where these are the same. */
const textOf = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)));

(alertmanager === undefined ? describe.skip : describe)('a real Alertmanager', () => {
  const url = String(alertmanager?.url);
  const settings = {
    name: 'ops',
    url: `${url}/`,
    privateAddresses: ['127.0.0.0/8'],
    rate: { perSecond: 10_000, burst: 10_000 },
  };
  const receiver = alertmanagerReceiver(settings);
  const all = () => firingIn({ url });
  let scans = 0;
  /** A scan of its own for each test, and what fires of it. */
  const newScan = () => {
    scans += 1;
    const scan = { ...anAlert().scan, uid: `scan-${scans}` };
    return { scan, firing: async () => (await all()).filter(({ labels }) => labels.uid === scan.uid) };
  };

  it('shows what fires, under labels of identity and with all text in annotations', async () => {
    const { scan, firing } = newScan();
    await receiver.send(anAlert({ scan }));
    const shown = await firing();
    expect(shown).toMatchObject([
      {
        labels: {
          alertname: 'policy-failed',
          cluster: 'prod-eu',
          namespace: 'shop',
          kind: 'ImageScan',
          name: 'cart',
          condition: 'PolicySucceeded',
          severity: 'critical',
        },
        annotations: {
          summary: '[CRITICAL] Policy failed: ImageScan shop/cart',
          command: 'kubectl describe imagescan -n shop cart',
          vulnerabilities: expect.stringMatching(/^CVE-2026-0001 .*… and 7 more$/s),
        },
        startsAt: '2026-03-01T11:58:00.000Z',
      },
    ]);
    const left = Date.parse(String(shown[0]?.endsAt)) - Date.now();
    expect(left).toBeGreaterThan(29 * DAY);
    expect(left).toBeLessThanOrEqual(30 * DAY);
  });

  it('shows one alert, of the last texts, however often it is told', async () => {
    const { scan, firing } = newScan();
    const before = await receiver.send(anAlert({ scan }));
    await receiver.send(anAlert({ scan }));
    await receiver.send(anAlert({ scan, title: 'Still failing', more: 99, vulnerabilities: [] }), before);
    expect(await firing()).toMatchObject([
      { annotations: { summary: '[CRITICAL] Still failing: ImageScan shop/cart' } },
    ]);
  });

  it('knows nothing once it is started anew, until it is told again', async () => {
    const before = await receiver.send(anAlert());
    const anew = await startAlertmanager();
    if (anew === undefined) throw new Error('it does not start a second time');
    try {
      expect(await firingIn(anew)).toEqual([]);
      await alertmanagerReceiver({ ...settings, url: anew.url }).send(anAlert(), before);
      expect(await firingIn(anew)).toMatchObject([{ labels: { name: 'cart' }, startsAt: '2026-03-01T11:58:00.000Z' }]);
    } finally {
      await anew.stop();
    }
  });

  it('shows a changed severity alone', async () => {
    const { scan, firing } = newScan();
    const warned = await receiver.send(anAlert({ scan, severity: 'warning' }));
    const escalated = await receiver.send(anAlert({ scan, severity: 'critical' }), warned);
    expect((await firing()).map(({ labels }) => labels.severity)).toEqual(['critical']);
    await receiver.send(anAlert({ scan, severity: 'warning' }), escalated);
    expect((await firing()).map(({ labels }) => labels.severity)).toEqual(['warning']);
  });

  it('shows nothing that is resolved, told twice or not, until it fires again', async () => {
    const { scan, firing } = newScan();
    const before = await receiver.send(anAlert({ scan }));
    const after = await receiver.send(resolved({ scan, at: '2026-03-01T12:30:00Z' }), before);
    expect(await firing()).toEqual([]);
    await receiver.send(resolved({ scan, at: '2026-03-01T12:30:00Z' }), before);
    expect(await firing()).toEqual([]);
    const again = await receiver.send(
      anAlert({ scan, since: '2026-03-01T13:00:00Z', at: '2026-03-01T13:00:00Z' }),
      after,
    );
    expect(await firing()).toHaveLength(1);
    await receiver.send(resolved({ scan, since: '2026-03-01T13:00:00Z', at: '2026-03-01T13:00:00Z' }), again);
    expect(await firing()).toEqual([]);
  });

  it('shows nothing of what is resolved by a fact from a clock that is ahead', async () => {
    const { scan, firing } = newScan();
    const ahead = new Date(Date.now() + 300_000).toISOString();
    const before = await receiver.send(anAlert({ scan, since: ahead, at: ahead }));
    expect(await firing()).toHaveLength(1);
    await receiver.send(resolved({ scan, since: ahead, at: ahead }), before);
    expect(await firing()).toEqual([]);
  });

  it('shows a scan that flaps as one alert at most', async () => {
    const { scan, firing } = newScan();
    let told: Awaited<ReturnType<typeof receiver.send>> | undefined;
    for (let minute = 0; minute < 60; minute += 1) {
      const at = new Date(Date.parse('2026-03-01T12:00:00Z') + minute * 60_000).toISOString();
      const isFiring = minute % 2 === 0;
      told = await receiver.send(isFiring ? anAlert({ scan, since: at, at }) : resolved({ scan, at }), told);
      expect(await firing()).toHaveLength(isFiring ? 1 : 0);
    }
  });

  it('takes whatever a hostile scan says, and shows what of it fires and no more', async () => {
    const others = new Set((await all()).map(({ labels }) => textOf(labels)));
    const told = new Map<string, boolean>();
    await fc.assert(
      fc.asyncProperty(hostileAlert, async (alert) => {
        const { labels, status } = await receiver.send(alert);
        told.set(textOf(JSON.parse(String(labels))), status === 'firing');
      }),
      { numRuns: 300 },
    );
    const firing = [...told].filter(([, fires]) => fires).map(([labels]) => labels);
    const shown = (await all()).map(({ labels }) => textOf(labels)).filter((labels) => !others.has(labels));
    expect(firing.length).toBeGreaterThan(50);
    expect(shown.toSorted()).toEqual(firing.toSorted());
  });
});
