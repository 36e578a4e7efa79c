/** PagerDuty: an incident for an alert, opened once and closed. */
import { expect, it } from '@jest/globals';
import { pagerDutyReceiver } from '../../../shared/alerts/receivers/pagerduty.ts';
import { errorOf } from '../../support/error-of.ts';
import { anAlert, resolved } from '../../support/receivers/alerts.ts';
import { pagerDuty, ROUTING_KEY } from '../../support/receivers/pagerduty-server.ts';
import { receiverServers, testClock } from '../../support/receivers/receiver-server.ts';

const serve = receiverServers();

const start = async (key = ROUTING_KEY) => {
  const clock = testClock();
  const vendor = pagerDuty(clock);
  const server = await serve(vendor.vendor, clock);
  const settings = { ...server.settings, url: `${server.url}/v2/enqueue`, routingKey: () => `${key}\n` };
  return { ...vendor, server, clock, receiver: pagerDutyReceiver(settings) };
};

it('opens one incident however often it is told, and closes it', async () => {
  const { receiver, open, opened } = await start();
  const { key } = anAlert();
  for (let told = 0; told < 3; told += 1) await receiver.send(anAlert());
  expect([...open.keys()]).toEqual([key]);
  expect(opened.get(key)).toBe(1);
  expect(open.get(key)?.[0]).toMatchObject({
    summary: '[CRITICAL] Policy failed: ImageScan shop/cart',
    source: 'prod-eu/shop',
    severity: 'critical',
    timestamp: '2026-03-01T11:58:00Z',
    component: 'ImageScan/cart',
    custom_details: {
      artifact: 'registry.example/shop/cart@sha256:1234',
      vulnerabilities: [
        expect.stringContaining('CVE-2026-0001 CRITICAL'),
        expect.stringContaining('CVE-2026-0002 HIGH'),
      ],
      more: 7,
      command: 'kubectl describe imagescan -n shop cart',
    },
  });
  await receiver.send(resolved());
  await receiver.send(resolved());
  expect(open.size).toBe(0);
});

it('says what PagerDuty finds wrong, but not the key', async () => {
  const { receiver } = await start('wrong-key-wrong-key-wrong-key-xx');
  const error = await errorOf(receiver.send(anAlert()));
  expect(String(error)).toContain("'routing_key' … is invalid");
});

it('is told hundreds of alerts within what PagerDuty takes', async () => {
  const { receiver, open, server, clock } = await start();
  for (let at = 0; at < 200; at += 1) await receiver.send(anAlert({ key: String(at) }));
  expect(open.size).toBe(200);
  expect(server.requests).toHaveLength(200);
  expect(clock.slept.length).toBeGreaterThan(100);
});
