/** Verdicts over HTTP: one that nobody signed changes nothing, and what was told can be counted. */
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { evaluateNothing } from '../../functions/evaluate-policy/without-cluster.ts';
import { policyEvaluated } from '../../functions/policy-evaluated/handler.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { POLICY_EVALUATED, REPORT_READY } from '../../shared/events/types.ts';
import { signWith, verifyWith } from '../../shared/policy/verdict-signature.ts';
import type { WorkingFunction } from '../../shared/runtime/function.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { get, listedStatuses, type Sent, send } from '../support/http-client.ts';
import { sinks } from '../support/http-sink.ts';
import { servers } from '../support/server-in-process.ts';

const serve = servers();
const openSink = sinks();
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const sign = signWith(async () => ({ key: privateKey, alg: 'EdDSA' }));
const verify = verifyWith(async () => [{ key: publicKey, algs: ['EdDSA'] }]);

const SCAN = { kind: 'ImageScan', namespace: 'team', name: 'shop', uid: 'scan-1' };
const DATA = {
  scan: SCAN,
  run: { uid: 'run-1' },
  policy: { name: 'strict', digest: 'sha256:1' },
  evaluatedAt: '2026-11-23T05:51:52Z',
  verdict: 'passed',
  violations: [],
};

const eventOf = (data: JsonObject, more: JsonObject = {}): JsonObject => ({
  specversion: '1.0',
  id: '1',
  source: '/x',
  type: POLICY_EVALUATED,
  data,
  ...more,
});
const signed = async (data: JsonObject = DATA) => eventOf(data, { scansignature: await sign(data) });

const structured = (event: JsonObject, path = '/policy-evaluated'): Sent => ({
  path,
  headers: { 'content-type': 'application/cloudevents+json' },
  body: JSON.stringify(event),
});
const batch = (...events: readonly JsonObject[]): Sent => ({
  path: '/policy-evaluated',
  headers: { 'content-type': 'application/cloudevents-batch+json' },
  body: JSON.stringify(events),
});

describe('a verdict, where there are keys to check it with', () => {
  it('is believed if it is signed', async () => {
    const { url } = await serve({ verify });
    expect((await send(url, structured(await signed()))).status).toBe(200);
    expect(await listedStatuses(url)).toMatchObject({ 'team/ImageScan/shop': { phase: 'Completed' } });
  });

  it('is refused without a signature, or with one that is not over it, and leaves no trace but in the log', async () => {
    const { url, lines } = await serve({ verify });
    const altered = { ...(await signed({ ...DATA, verdict: 'failed' })), data: DATA };
    const answers = [await send(url, structured(eventOf(DATA))), await send(url, structured(altered))];
    expect(answers.map(({ status, headers, body }) => [status, headers['content-type'], JSON.parse(body)])).toEqual([
      [401, 'application/problem+json', expect.objectContaining({ id: '1' })],
      [403, 'application/problem+json', expect.objectContaining({ id: '1' })],
    ]);
    expect(JSON.parse(answers[0]?.body ?? '').detail).toBe('event "1": scansignature: a verdict must be signed');
    expect(await listedStatuses(url)).toEqual({});
    expect(lines.filter(({ outcome }) => outcome === 'refused')).toHaveLength(2);
  });

  it('is refused through POST / as well', async () => {
    const { url } = await serve({ verify });
    expect((await send(url, structured(eventOf(DATA), '/'))).status).toBe(401);
  });

  it('fails its batch alone: the others of it are believed', async () => {
    const { url } = await serve({ verify });
    const other = await signed({ ...DATA, scan: { ...SCAN, name: 'other', uid: 'scan-2' } });
    const { status, body } = await send(url, batch(eventOf(DATA), other));
    expect([status, JSON.parse(body)]).toMatchObject([400, { index: 0, id: '1' }]);
    expect(Object.keys(await listedStatuses(url))).toEqual(['team/ImageScan/other']);
  });

  it('is for its sender to send again where the keys cannot be had', async () => {
    const { url } = await serve({ verify: verifyWith(() => Promise.reject(new Unavailable('no keys'))) });
    const { status, headers } = await send(url, structured(await signed()));
    expect([status, headers['retry-after']]).toEqual([503, '5']);
  });
});

describe('a function that emits events', () => {
  const emitting: WorkingFunction = {
    name: 'evaluate-policy',
    accepts: [REPORT_READY],
    handle: async () => ({ outcome: 'applied', emits: [eventOf({ ...DATA, warnings: ['narrow'] })] }),
  };

  it('counts events by type and outcome, and verdicts by policy', async () => {
    const { url } = await serve({ functions: [policyEvaluated, emitting] });
    await send(url, structured(eventOf(DATA)));
    await send(url, structured(eventOf(DATA)));
    await send(url, structured(eventOf(DATA, { type: 'evil"\n}' }), '/'));
    const { status } = await send(url, structured(eventOf({}, { type: REPORT_READY }), '/evaluate-policy'));
    expect(status).toBe(200);
    const { headers, body } = await get(url, '/metrics');
    const counted = body.split('\n').filter((line) => /scan_status_(?:events|verdicts)_total/.test(line));
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(
      counted.join('\n'),
    ).toBe(`# HELP scan_status_events_total Events by type (other: none that is taken) and outcome.
# TYPE scan_status_events_total counter
scan_status_events_total{type="dev.scanstatus.policy-evaluated.v1",outcome="applied"} 1
scan_status_events_total{type="dev.scanstatus.policy-evaluated.v1",outcome="duplicate"} 1
scan_status_events_total{type="dev.scanstatus.report-ready.v1",outcome="applied"} 1
scan_status_events_total{type="other",outcome="rejected"} 1
# HELP scan_status_verdicts_total Verdicts of policies; warned: a warning came with it.
# TYPE scan_status_verdicts_total counter
scan_status_verdicts_total{namespace="team",policy="strict",verdict="passed",warned="true"} 1`);
  });

  it('answers the event that a function emitted', async () => {
    const { url } = await serve({ functions: [emitting] });
    const { status, body } = await send(url, structured(eventOf({}, { type: REPORT_READY }), '/evaluate-policy'));
    expect([status, JSON.parse(body)]).toMatchObject([200, { type: POLICY_EVALUATED, data: { verdict: 'passed' } }]);
  });

  it('sends to the sink what a function emitted, before it answers, and asks to be asked again where it is not taken', async () => {
    const statuses = [202, 500];
    const sink = await openSink(async () => ({ status: statuses.shift() ?? 0 }));
    const { url } = await serve({ functions: [emitting], sink: sink.url });
    const sent = structured(eventOf({}, { type: REPORT_READY }), '/evaluate-policy');
    expect([(await send(url, sent)).status, (await send(url, sent)).status]).toEqual([204, 503]);
    expect(sink.arrived.map(({ event }) => event.type)).toEqual([POLICY_EVALUATED, POLICY_EVALUATED]);
  });

  it('serves report-ready events where there is no cluster: no scan there names a policy', async () => {
    const { url } = await serve({ functions: [evaluateNothing] });
    const data = { scan: SCAN, run: { uid: 'r' }, requestedAt: '2026-11-23T05:51:52Z', report: { inline: '{}' } };
    const { status } = await send(url, structured(eventOf(data, { type: REPORT_READY }), '/evaluate-policy'));
    expect(status).toBe(204);
  });
});
