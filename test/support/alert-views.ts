/** What a template is filled with. */
import type { TemplateView } from '../../shared/alerts/template.ts';

export const aView = (changes: Partial<TemplateView> = {}): TemplateView => ({
  cluster: 'prod-eu',
  rule: 'policy-failed',
  severity: 'error',
  resolved: false,
  gone: false,
  scan: { kind: 'ImageScan', namespace: 'shop', name: 'cart', uid: '7f8e' },
  run: { uid: '9a0b', age: '2026-03-01T11:50:00Z' },
  condition: 'PolicySucceeded',
  to: 'False',
  from: 'True',
  reason: 'EvaluationFailed',
  artifact: 'registry.example/shop/cart@sha256:1234',
  vulnerabilities: [
    { id: 'CVE-2026-1', severity: 'CRITICAL', component: 'openssl 3.0.1', fixedIn: '3.0.2' },
    { id: 'CVE-2026-2', severity: 'HIGH' },
  ],
  more: 0,
  count: 2,
  command: 'kubectl describe imagescan -n shop cart',
  at: '2026-03-01T11:59:00Z',
  since: '2026-03-01T11:59:00Z',
  ...changes,
});
