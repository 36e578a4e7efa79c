/** Any webhook: a CloudEvent that its receiver can verify. */
import { expect, it } from '@jest/globals';
import { Undeliverable } from '../../../shared/alerts/alert.ts';
import { webhookReceiver } from '../../../shared/alerts/receivers/webhook.ts';
import { errorOf } from '../../support/error-of.ts';
import { anAlert, resolved } from '../../support/receivers/alerts.ts';
import { receiverServers, testClock } from '../../support/receivers/receiver-server.ts';
import { WEBHOOK_SECRET, webhook } from '../../support/receivers/webhook-server.ts';

const serve = receiverServers();

const start = async (secret: string) => {
  const clock = testClock();
  const vendor = webhook(clock);
  const server = await serve(vendor.vendor, clock);
  const receiver = webhookReceiver({ ...server.settings, url: () => `${server.url}/in/hook`, secret: () => secret });
  return { ...vendor, clock, receiver };
};

it('is told by an event of which everything can be read', async () => {
  const { receiver, events } = await start(WEBHOOK_SECRET);
  await receiver.send(anAlert());
  expect(events).toEqual([
    {
      specversion: '1.0',
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      source: '/scanstatus/prod-eu',
      type: 'dev.scanstatus.alert.v1',
      subject: 'shop/ImageScan/cart',
      time: '2026-03-01T11:59:00Z',
      datacontenttype: 'application/json',
      data: anAlert(),
    },
  ]);
});

it('is told the same event again, and another one of an end', async () => {
  const { receiver, events, clock } = await start(WEBHOOK_SECRET);
  await receiver.send(anAlert());
  clock.move(60_000);
  await receiver.send(anAlert({ title: 'rendered anew' }));
  await receiver.send(resolved());
  const [first, again, end] = events.map(({ id }) => id);
  expect(again).toBe(first);
  expect(end).not.toBe(first);
});

it('is told another event of a group that has changed, and of a failure that has become another, in the same second', async () => {
  const { receiver, events } = await start(WEBHOOK_SECRET);
  const group = (...names: readonly string[]) => ({ group: { namespace: 'shop', scans: names.length, names } });
  for (const changes of [group('cart', 'cash'), group('cart'), group('cash'), { to: 'Unknown' }])
    await receiver.send(anAlert(changes));
  expect(new Set(events.map(({ id }) => id)).size).toBe(4);
});

it('verifies either of two secrets while one is being replaced', async () => {
  const { receiver, events } = await start(`${'n'.repeat(32)}\n${WEBHOOK_SECRET}\n`);
  await receiver.send(anAlert());
  expect(events).toHaveLength(1);
});

it('refuses what is signed by another secret, and is sent nothing signed by a short one', async () => {
  const { receiver, events } = await start('x'.repeat(40));
  expect(String(await errorOf(receiver.send(anAlert())))).toBe('Undeliverable: ops: answered 401');
  const short = await errorOf((await start('short')).receiver.send(anAlert()));
  expect(short).toBeInstanceOf(Undeliverable);
  expect(short.message).not.toContain('short');
  expect(events).toEqual([]);
});
