/** Verdicts as they come in, and the events that go out. */

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { completeFinish, type Fact, type Run } from '../../shared/conditions/facts.ts';
import { project } from '../../shared/conditions/project.ts';
import type { JsonObject } from '../../shared/conditions/status.ts';
import type { Event } from '../../shared/events/event.ts';
import { jsonSchemas } from '../../shared/events/json-schemas.ts';
import { evaluatedFact } from '../../shared/events/policy-evaluated.ts';
import { Rejected } from '../../shared/events/rejected.ts';
import { latestBelieved, type Scope } from '../../shared/events/scope.ts';
import { statusChangedData } from '../../shared/events/status-change.ts';
import { statusChanged } from '../../shared/events/status-changed.ts';
import { POLICY_EVALUATED } from '../../shared/events/types.ts';
import { configSchemas } from '../../shared/runtime/config-schemas.ts';

const SCOPE: Scope = { group: 'g', kinds: new Set(['ImageScan']) };
const DATA = {
  scan: { kind: 'ImageScan', namespace: 'team', name: 'image', uid: 'scan-uid' },
  run: { uid: 'run-uid' },
  policy: { name: 'scan-policy', digest: 'sha256:ab', generation: 2 },
  evaluatedAt: '2026-11-23T05:51:52.9Z',
  verdict: 'failed',
  violations: ['CVE-2', 'CVE-1', 'CVE-2'],
};
const eventOf = (data: JsonObject, extensions: Event['extensions'] = {}): Event => ({
  specversion: '1.0',
  id: 'e',
  source: '/s',
  type: POLICY_EVALUATED,
  data,
  extensions,
});

const read = (more: object, scope = SCOPE): Fact | string => {
  try {
    return evaluatedFact(eventOf(JSON.parse(JSON.stringify({ ...DATA, ...more }))), scope);
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    return error.message;
  }
};

describe('a policy-evaluated event', () => {
  it('is a fact about its run, as old as the evaluation', () => {
    expect(read({})).toEqual({
      scan: DATA.scan,
      type: 'evaluated',
      run: {
        uid: 'run-uid',
        age: '2026-11-23T05:51:52Z',
        verdict: {
          at: '2026-11-23T05:51:52Z',
          policy: DATA.policy,
          verdict: 'failed',
          message: 'Vulnerabilities that failed OPA policy: CVE-1, CVE-2',
        },
      },
    });
  });

  it('keeps what the report told, without what a terminal would obey', () => {
    const cveCount = { CRITICAL: 1, HIGH: 0, MEDIUM: 0, LOW: 0, UNKNOWN: 0, CVETOTAL: 1 };
    const worst = [{ id: 'CVE-1', severity: 'CRITICAL', component: 'a\u001b[2J', fixedIn: '2.0' }];
    expect(read({ cveCount, scanner: { name: 'Tri\u0007vy' }, worst, warnings: ['w'] })).toMatchObject({
      run: {
        verdict: {
          cveCount,
          scanner: { name: 'Tri vy' },
          worst: [{ id: 'CVE-1', severity: 'CRITICAL', component: 'a [2J', fixedIn: '2.0' }],
        },
      },
    });
  });

  it.each<[object, string]>([
    [{ verdict: 'ok' }, 'data.verdict: must be passed, failed or error'],
    [{ verdict: 'passed' }, 'data.violations: contradicts the verdict passed'],
    [{ violations: undefined }, 'data.violations: must be an array of IDs'],
    [{ violations: [7] }, 'data.violations.0: must be a string'],
    [{ run: {} }, 'data.run.uid: must be a string'],
    [{ policy: { name: 'p' } }, 'data.policy.digest: must be a string'],
    [{ policy: { name: 'p', digest: 'a b' } }, 'data.policy.digest: must be a digest, such as sha256:…'],
    [{ evaluatedAt: 'x' }, 'data.evaluatedAt: must be an RFC 3339 date-time'],
    [{ cveCount: { CRITICAL: -1 } }, 'data.cveCount.CRITICAL: Too small: expected number to be >=0'],
    [
      { worst: Array.from({ length: 21 }, () => ({ id: 'a', severity: 'LOW' })) },
      'data.worst: must not hold more than 20',
    ],
  ])('is rejected with %j', (more, problem) => {
    expect(read(more)).toBe(problem);
  });

  it('is believed by a live function only about the past', () => {
    const live = { ...SCOPE, latest: latestBelieved(Date.parse('2026-11-23T05:00:00Z')) };
    expect(read({}, live)).toMatch(/^data.evaluatedAt: .* ahead of the clock$/);
  });
});

describe('the status-changed event', () => {
  const fact = read({ worst: [{ id: 'CVE-1', severity: 'HIGH' }] }) as Fact;
  const status = () => project({}, [fact.run], { namesPolicy: true, artifact: { registry: { image: 'shop' } } });
  const event = statusChanged(
    { fact, status, labels: { team: 'a' } },
    eventOf({}, { traceparent: '00-1', scanreplay: 'r', other: 'x' }),
    'prod',
  );

  it('is a function of the scan and the fact', () => {
    expect(event).toMatchObject({
      specversion: '1.0',
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      source: '/scanstatus/prod',
      type: 'dev.scanstatus.status-changed.v1',
      subject: 'team/ImageScan/image',
      time: '2026-11-23T05:51:52Z',
      traceparent: '00-1',
      scanreplay: 'r',
      data: {
        scan: { ...DATA.scan, labels: { team: 'a' } },
        run: { uid: 'run-uid', age: '2026-11-23T05:51:52Z' },
        fact: { type: 'evaluated', at: '2026-11-23T05:51:52Z' },
        changes: [{ type: 'PolicySucceeded', to: 'False' }],
        phase: 'Failed',
        conditions: [{ type: 'PolicySucceeded' }],
        artifact: { registry: { image: 'shop' } },
        worst: [{ id: 'CVE-1', severity: 'HIGH' }],
      },
    });
    expect(event).not.toHaveProperty('other');
  });

  it('has the same id whatever the status is by then, and another for another fact', () => {
    const later = statusChanged({ fact, status: () => ({}) }, eventOf({}), 'prod');
    expect(later.id).toBe(event.id);
    const other = { ...fact, scan: { ...fact.scan, uid: 'other' } };
    const started: Fact = { ...fact, type: 'started' };
    const finished: Fact = { ...fact, type: 'finished' };
    const ids = [fact, other, started, finished].map(
      (one) => statusChanged({ fact: one, status }, eventOf({}), 'prod').id,
    );
    expect(new Set(ids).size).toBe(4);
  });

  it('says the same of a fact, whatever else is known of its run', () => {
    const start = { uid: 'run-uid', age: fact.run.age, startedAt: fact.run.age };
    const known = { ...start, finish: completeFinish(fact.run.age), verdict: fact.run.verdict } as Run;
    const alone = statusChanged({ fact: { ...fact, type: 'started', run: start }, status }, eventOf({}), 'prod');
    const late = statusChanged({ fact: { ...fact, type: 'started', run: known }, status }, eventOf({}), 'prod');
    expect(late).toEqual(alone);
    expect(late.data).toMatchObject({ changes: [{ type: 'Scanning', to: 'True' }] });
    expect(late.data).not.toHaveProperty('worst');
    const created = statusChanged(
      { fact: { ...fact, type: 'started', run: { uid: 'r', age: fact.run.age, createdAt: fact.run.age } }, status },
      eventOf({}),
      'prod',
    );
    expect(created.data).toMatchObject({ changes: [] });
  });

  it('is of its own schema', () => {
    expect(statusChangedData.safeParse(event.data).error).toBeUndefined();
  });
});

describe('the JSON Schemas in infra/schemas', () => {
  const folder = new URL('../../infra/schemas/', import.meta.url);
  it('are those of the code (npm run schemas writes them)', () => {
    const written = readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]);
    expect(Object.fromEntries(written)).toEqual(Object.fromEntries([...jsonSchemas(), ...configSchemas()]));
  });
});
