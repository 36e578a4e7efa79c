/** Alerts as rules make them, and as a hostile scan would have them be. */
import * as fc from 'fast-check';
import type { Alert } from '../../../shared/alerts/alert.ts';

export const anAlert = (changes: Partial<Alert> = {}): Alert => ({
  key: 'a'.repeat(64),
  status: 'firing',
  severity: 'critical',
  rule: 'policy-failed',
  cluster: 'prod-eu',
  scan: { kind: 'ImageScan', namespace: 'shop', name: 'cart', uid: '7f8e' },
  condition: 'PolicySucceeded',
  to: 'False',
  reason: 'EvaluationFailed',
  title: 'Policy failed: ImageScan shop/cart',
  text: '2 vulnerabilities failed the policy.',
  artifact: 'registry.example/shop/cart@sha256:1234',
  vulnerabilities: [
    { id: 'CVE-2026-0001', severity: 'CRITICAL', component: 'openssl 3.0.1', fixedIn: '3.0.2' },
    { id: 'CVE-2026-0002', severity: 'HIGH', component: 'zlib_ng 1.2' },
  ],
  more: 7,
  command: 'kubectl describe imagescan -n shop cart',
  since: '2026-03-01T11:58:00Z',
  at: '2026-03-01T11:59:00Z',
  ...changes,
});

export const resolved = (changes: Partial<Alert> = {}): Alert =>
  anAlert({
    status: 'resolved',
    severity: 'info',
    to: 'True',
    reason: 'EvaluationPassed',
    title: 'Policy passed again',
    ...changes,
  });

const HOSTILE = [
  '<!channel>',
  '<@U024BE7LH>',
  '<https://evil.example|click>',
  'https://evil.example',
  'www.evil.example',
  '@channel',
  '```',
  '`',
  '*b*',
  '_i_',
  '~s~',
  '[a](https://evil.example)',
  '<at>all</at>',
  '&lt;!here&gt;',
  '&',
  '\n',
  '\r\n',
  '\u202e',
  '\u200b',
  '\u2066',
  '\u0000',
  '\ud800',
  '𝕏',
  'é',
  '"',
  '\\',
  '<',
  '>',
  '\u2028',
  '{{x}}',
  '__proto__',
  '\u{e0041}',
];

const text = (most: number): fc.Arbitrary<string> =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...HOSTILE),
        fc.string({ unit: 'binary', maxLength: 20 }),
        fc.constant('<&`'.repeat(400)),
      ),
      {
        maxLength: most,
      },
    )
    .map((parts) => parts.join(''));

const vulnerability = fc.record(
  { id: text(3), severity: text(2), component: text(3), fixedIn: text(3) },
  { requiredKeys: ['id', 'severity'] },
);

/** Alerts whose identity is right and whose every text is whatever somebody put into a scan. */
export const hostileAlert: fc.Arbitrary<Alert> = fc
  .record(
    {
      status: fc.constantFrom('firing' as const, 'resolved' as const),
      severity: fc.constantFrom('critical' as const, 'error' as const, 'warning' as const, 'info' as const),
      rule: text(2),
      cluster: text(2),
      scan: fc.record({ kind: text(2), namespace: text(2), name: text(3), uid: text(2) }),
      group: fc.record({ namespace: text(2), scans: fc.nat(500), names: fc.array(text(2), { maxLength: 20 }) }),
      condition: text(2),
      to: text(2),
      reason: text(2),
      title: text(8),
      text: text(20),
      artifact: text(4),
      vulnerabilities: fc.array(vulnerability, { maxLength: 12 }),
      more: fc.nat(100_000),
      command: text(4),
    },
    {
      requiredKeys: [
        'status',
        'severity',
        'rule',
        'cluster',
        'scan',
        'condition',
        'to',
        'title',
        'text',
        'vulnerabilities',
        'more',
        'command',
      ],
    },
  )
  .map((parts) => anAlert(parts as Partial<Alert>));

/** What turns text around or cannot be seen. */
export const UNSEEN = /[\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?!\n)\p{Cc}/u;
