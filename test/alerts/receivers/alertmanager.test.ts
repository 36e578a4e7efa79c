/** Alertmanager: what fires is what is wrong, and text does not make another alert. */
import { expect, it } from '@jest/globals';
import { alertmanagerReceiver } from '../../../shared/alerts/receivers/alertmanager.ts';
import { alertmanager } from '../../support/receivers/alertmanager-server.ts';
import { anAlert, resolved } from '../../support/receivers/alerts.ts';
import { receiverServers, testClock } from '../../support/receivers/receiver-server.ts';

const serve = receiverServers();
const DAY = 86_400_000;

const start = async () => {
  const clock = testClock();
  const vendor = alertmanager(clock);
  const server = await serve(vendor.vendor, clock);
  return { ...vendor, clock, receiver: alertmanagerReceiver({ ...server.settings, url: `${server.url}/` }) };
};

it('fires under labels of identity, with all text in annotations', async () => {
  const { receiver, firing } = await start();
  await receiver.send(anAlert());
  expect(firing()).toHaveLength(1);
  expect(firing()[0]).toMatchObject({
    labels: {
      alertname: 'policy-failed',
      cluster: 'prod-eu',
      namespace: 'shop',
      kind: 'ImageScan',
      name: 'cart',
      uid: '7f8e',
      condition: 'PolicySucceeded',
      severity: 'critical',
    },
    annotations: {
      summary: '[CRITICAL] Policy failed: ImageScan shop/cart',
      vulnerabilities: expect.stringMatching(/^CVE-2026-0001 .*… and 7 more$/s),
    },
    startsAt: '2026-03-01T11:58:00Z',
  });
});

it('is one alert, whatever its texts become', async () => {
  const { receiver, firing } = await start();
  const before = await receiver.send(anAlert());
  await receiver.send(
    anAlert({ title: 'other', text: 'other', more: 99, vulnerabilities: [], reason: 'Other' }),
    before,
  );
  expect(firing()).toHaveLength(1);
});

it('goes on firing for 30 days, which each message renews, and ends when it is resolved', async () => {
  const { receiver, firing, clock } = await start();
  const before = await receiver.send(anAlert());
  clock.move(29 * DAY);
  expect(firing()).toHaveLength(1);
  const renewed = await receiver.send(anAlert(), before);
  clock.move(29 * DAY);
  expect(firing()).toHaveLength(1);
  await receiver.send(resolved(), renewed);
  expect(firing()).toEqual([]);
});

it('ends at once though the fact’s clock is ahead', async () => {
  const { receiver, firing } = await start();
  const before = await receiver.send(anAlert());
  await receiver.send(resolved({ since: '2026-03-01T12:05:00Z', at: '2026-03-01T12:09:00Z' }), before);
  expect(firing()).toEqual([]);
});

it('leaves nothing firing under the labels of another severity', async () => {
  const { receiver, firing } = await start();
  const first = await receiver.send(anAlert({ severity: 'warning' }));
  const second = await receiver.send(anAlert({ severity: 'critical' }), first);
  expect(firing().map(({ labels }) => labels['severity'])).toEqual(['critical']);
  // The end is of another severity too.
  await receiver.send(resolved(), second);
  expect(firing()).toEqual([]);
});

it('is one alert of a group, whichever of its scans is the first', async () => {
  const { receiver, firing } = await start();
  const group = { namespace: 'shop', scans: 3, names: ['a', 'b', 'c'] };
  for (const name of ['a', 'b'])
    await receiver.send(anAlert({ group, scan: { kind: 'ImageScan', namespace: 'shop', name, uid: name } }));
  expect(firing()).toHaveLength(1);
});

it('ends what it told though what was kept of it is lost or is none of ours', async () => {
  const { receiver, firing } = await start();
  await receiver.send(anAlert());
  await receiver.send(resolved({ severity: 'critical' }), { status: 'firing', labels: 'no JSON' });
  expect(firing()).toEqual([]);
});
