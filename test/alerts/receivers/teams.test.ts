/** Microsoft Teams: cards that people can read, within 28 KB, of which no Markdown is read. */
import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { teamsReceiver } from '../../../shared/alerts/receivers/teams.ts';
import { anAlert, hostileAlert, resolved } from '../../support/receivers/alerts.ts';
import { receiverServers, testClock } from '../../support/receivers/receiver-server.ts';
import { cardShows, TEAMS_PATH, teams } from '../../support/receivers/teams-server.ts';

const serve = receiverServers();

const start = async () => {
  const clock = testClock();
  const vendor = teams(clock);
  const server = await serve(vendor.vendor, clock);
  return { ...vendor, receiver: teamsReceiver({ ...server.settings, url: () => server.url + TEAMS_PATH }) };
};

it('shows a card, and another when it is over', async () => {
  const { receiver, cards } = await start();
  await receiver.send(anAlert());
  await receiver.send(resolved());
  expect(cards.map(cardShows)).toEqual([
    [
      '[CRITICAL] Policy failed: ImageScan shop/cart',
      'Scan: ImageScan shop/cart',
      'Artifact: registry.example/shop/cart@sha256:1234',
      'Changed: PolicySucceeded is False (EvaluationFailed)',
      'Cluster: prod-eu',
      'Since: 2026-03-01T11:58:00Z',
      '2 vulnerabilities failed the policy.',
      'CVE-2026-0001 CRITICAL in openssl 3.0.1, fixed in 3.0.2',
      'CVE-2026-0002 HIGH in zlib_ng 1.2, no fix known',
      '… and 7 more',
      'kubectl describe imagescan -n shop cart',
    ],
    expect.arrayContaining([
      '[RESOLVED] Policy passed again: ImageScan shop/cart',
      'Resolved: 2026-03-01T11:59:00Z (since 2026-03-01T11:58:00Z)',
    ]),
  ]);
});

it('holds no address that could be clicked, and fits, whatever a scan holds', async () => {
  const receiver = teamsReceiver({ name: 'ops', url: () => 'https://teams.example/x' });
  fc.assert(
    fc.property(hostileAlert, (alert) => {
      const body = JSON.stringify(receiver.preview(alert).body);
      expect(Buffer.byteLength(body)).toBeLessThanOrEqual(28 * 1_024);
      const texts = body.replace('http://adaptivecards.io/schemas/adaptive-card.json', '');
      expect(texts).not.toContain('://');
    }),
  );
  const long = '€'.repeat(40_000);
  const vulnerability = { id: long, severity: long, component: long, fixedIn: long };
  const names = { kind: long, namespace: long, name: long, uid: long };
  const group = { namespace: long, scans: 500, names: Array(50).fill(long) };
  const most = anAlert({
    title: long,
    text: long,
    artifact: long,
    command: long,
    cluster: long,
    scan: names,
    group,
    reason: long,
  });
  const body = JSON.stringify(receiver.preview({ ...most, vulnerabilities: Array(20).fill(vulnerability) }).body);
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(28 * 1_024);
  expect(body).toMatch(/… and 20 more/);
});
