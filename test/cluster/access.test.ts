/** What each function's real token may write into a status: the facts that are its own, and what follows from them. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { completeFinish, deletedFinish, failedFinish, type Run, verdictTexts } from '../../shared/conditions/facts.ts';
import { project } from '../../shared/conditions/project.ts';
import { addRun, addRunToAll, KEPT_RUNS, type Runs } from '../../shared/conditions/runs.ts';
import { type JsonObject, runsOf } from '../../shared/conditions/status.ts';
import { mergePatch } from '../../shared/scans/merge-patch.ts';
import { scanSpec } from '../../shared/scans/spec.ts';
import { factsAbout, second } from '../support/arbitraries.ts';
import { cluster } from './support/access.ts';
import { type Answer, type Api, apiOf } from './support/api.ts';
import { FUNCTIONS, type FunctionName, functionApi, installFunctions, resultsSender } from './support/functions.ts';
import {
  complete,
  creation,
  denied,
  failed,
  finish,
  later,
  passed,
  start,
  started,
  verdict,
  verdictOf,
} from './support/runs.ts';
import { eventually, GROUP, newNamespace, newScan, projected, scanWith } from './support/scans.ts';

const admin = apiOf(cluster());
const accounts = new Map<string, Api>();
let namespace = '';

const as = (name: string): Api => {
  const api = accounts.get(name);
  if (api === undefined) throw new Error(`no account ${name}`);
  return api;
};

beforeAll(async () => {
  namespace = await newNamespace(admin, 'access');
  await installFunctions(admin, namespace);
  for (const name of FUNCTIONS) accounts.set(name, await functionApi(name));
  const sender = await resultsSender(admin, namespace);
  accounts.set('results-sender', sender);
  const scan = await newScan(admin, namespace);
  await eventually(async () => (await sender.patch(`${scan}/status`, { status: { lastSent: 1 } })).code === 200);
}, 60_000);

const five: Runs = [4, 3, 2, 1, 0].map((at) => ({ uid: `run-${at}`, age: second(at), startedAt: second(at) }));

/** Writes as the functions do: a merge patch of what has changed. */
const write = async (account: string, scan: string, status: JsonObject): Promise<Answer> => {
  const current = (await admin.get(scan)).body.status as JsonObject;
  return as(account).patch(`${scan}/status`, { status: mergePatch(current, status) ?? {} });
};

const THEIRS = { type: 'SendingResults', status: 'True', extra: [1] };
const others = { conditions: [THEIRS], lastSent: { by: 'other' } };

describe('every function may write what its facts come to:', () => {
  const { startedAt: _, createdAt: __, ...failure } = failed;
  const early: Run = { uid: 'b', age: second(3), finish: completeFinish(second(5)) };

  it.each<[account: FunctionName, what: string, before: Runs, facts: readonly Run[]]>([
    ['job-started', 'the first start', [], [start('a', 0)]],
    ['job-started', 'a creation alone', [], [creation('a', 0)]],
    ['job-started', 'a newer run, which clears what an older one said', [passed], [start('b', 9)]],
    ['job-started', 'a run older than the newest', [later('b', 5, complete)], [start('a', 1)]],
    ['job-started', 'a start that arrives after the finish', [finish('a', 5)], [start('a', 0)]],
    ['job-started', 'a creation that makes a run older', [start('a', 3)], [creation('a', 1)]],
    [
      'job-started',
      'a late start that reorders, so that a stored verdict shows',
      [early, later('a', 2, passed)],
      [start('b', 1)],
    ],
    ['job-started', 'a sixth run, which drops the oldest', five, [start('run-9', 9)]],
    ['job-started', 'several facts in one write', [], [start('a', 0), creation('b', 3), start('b', 4)]],
    ['job-finished', 'the finish of a run that has started', [started], [finish('a', 5)]],
    ['job-finished', 'a finish as the first fact', [], [{ ...finish('a', 5), age: second(2), job: 'scan-a' }]],
    ['job-finished', 'a finish as the first fact of a newer run', [passed], [finish('b', 9)]],
    ['job-finished', 'a finish of an older run', [later('b', 1, denied), started], [finish('a', 5)]],
    [
      'job-finished',
      'what the Job controller wrote, over what was concluded',
      [{ ...started, finish: deletedFinish(second(4)) }],
      [finish('a', 5)],
    ],
    [
      'job-finished',
      'what makes a finished run older',
      [finish('a', 5)],
      [{ ...finish('a', 5), age: second(1), generation: 2 }],
    ],
    ['job-finished', 'a finish after the verdict', [verdict('a', 7)], [{ ...failure, age: second(1) }]],
    ['job-finished', 'a sixth run, which drops the oldest', five, [finish('run-9', 9)]],
    ['policy-evaluated', 'the verdict on a finished run', [complete], [verdict('a', 9)]],
    ['policy-evaluated', 'a verdict as the first fact', [], [verdict('a', 9)]],
    ['policy-evaluated', 'a later verdict', [passed], [verdict('a', 11, 'failed')]],
    ['policy-evaluated', 'a verdict on an older run', [later('b', 1, started), complete], [verdict('a', 9, 'error')]],
    ['policy-evaluated', 'a verdict as the first fact of a newer run', [denied], [verdict('b', 11)]],
    ['policy-evaluated', 'a verdict that shortens the message of the finish', [failed], [verdict('a', 9)]],
    ['policy-evaluated', 'a sixth run, which drops the oldest', five, [verdict('run-9', 9)]],
  ])('%s: %s', async (account, _, before, facts) => {
    const scan = await scanWith(admin, namespace, before, others);
    const status = await projected(admin, scan, facts.reduce(addRun, before));
    expect((await admin.get(scan)).body.status).not.toEqual(status);
    const { body, message } = await write(account, scan, status);
    expect(message).toBe('');
    expect(body.status).toEqual(status);
    expect(body.status).toMatchObject({ lastSent: others.lastSent });
  });

  it('whatever the law makes of any facts, one by one or several in one write', async () => {
    const tellerOf = ({ finish, verdict }: Run): FunctionName => {
      if (finish !== undefined) return 'job-finished';
      return verdict === undefined ? 'job-started' : 'policy-evaluated';
    };
    const told = fc.array(factsAbout('a', 'b', 'c', 'd', 'e', 'f', 'g'), { maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(fc.boolean(), told, async (together, facts) => {
        const scan = await newScan(admin, namespace);
        let [runs, joined]: [Runs, Runs] = [[], []];
        for (const [at, fact] of facts.entries()) {
          const before = runs;
          joined = addRunToAll(joined, fact);
          const next = facts[at + 1];
          if (together && next !== undefined && tellerOf(next) === tellerOf(fact)) continue;
          runs = joined.slice(0, KEPT_RUNS);
          joined = runs;
          const { body, message } = await write(tellerOf(fact), scan, await projected(admin, scan, runs));
          expect([before, fact, message]).toEqual([before, fact, '']);
          expect(runsOf(body.status as JsonObject)).toEqual(runs);
        }
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  it('beside runs with the longest texts there may be', async () => {
    const long = 'é'.repeat(20_000);
    const ids = Array.from({ length: 5_000 }, (_, id) => `CVE-2026-${id}`);
    const runs = [4, 3, 2, 1, 0].map(
      (at): Run => ({
        uid: `run-${at}`,
        age: second(at),
        startedAt: second(at),
        finish: failedFinish(second(5), { message: long, error: long }),
        ...(at > 0 && { verdict: { ...verdictOf('failed'), ...verdictTexts('failed', ids, undefined) } }),
      }),
    );
    const scan = await scanWith(admin, namespace, runs.reduce(addRun, [] as Runs), others);
    for (const [account, fact] of [
      ['policy-evaluated', verdict('run-0', 9, 'failed')],
      ['job-finished', { ...finish('run-4', 4), age: second(4) }],
      ['job-started', start('run-9', 9)],
    ] as const) {
      const { status } = (await admin.get(scan)).body as { status: JsonObject };
      const { message } = await write(account, scan, await projected(admin, scan, addRun(runsOf(status), fact)));
      expect(message).toBe('');
    }
    expect((await admin.get(scan)).body.status).toMatchObject({ phase: 'Scanning' });
  });

  it('nothing that makes an image compliant which the scan names since the run was started', async () => {
    const scan = await scanWith(admin, namespace, [{ ...complete, generation: 1 }], others);
    await admin.patch(scan, { spec: { registry: { image: 'registry.example.com/shop/checkout@sha256:2' } } });
    const { status, spec } = (await admin.get(scan)).body;
    const runs = [{ ...passed, generation: 1 }];
    const forged = project(status as JsonObject, runs, scanSpec(spec));
    expect(forged).toHaveProperty('compliantArtifact');
    expect(await write('policy-evaluated', scan, forged)).toMatchObject({ code: 403 });
    const { body, message } = await write('policy-evaluated', scan, await projected(admin, scan, runs));
    expect(message).toBe('');
    expect(body.status).toMatchObject({ phase: 'Completed', runs });
    expect(body.status).not.toHaveProperty('compliantArtifact');
  });

  it('the same of a SourceScan', async () => {
    const scan = await newScan(admin, namespace, 'SourceScan');
    const steps: readonly (readonly [FunctionName, Runs])[] = [
      ['job-started', [started]],
      ['job-finished', [complete]],
      ['policy-evaluated', [passed]],
    ];
    for (const [account, runs] of steps)
      expect((await write(account, scan, await projected(admin, scan, runs))).message).toBe('');
  });
});

const NO_START = 'this account may not tell when a run was created or started';
const NO_FINISH = 'this account may not tell how a run finished';
const NO_VERDICT = 'this account may not tell a verdict';
const NO_FACTS = 'which only accounts with a right to tell them may write';
const ANY: readonly string[] = FUNCTIONS;

describe('no account may invent a fact of another:', () => {
  const turned: Run = { ...failed, finish: completeFinish(second(5)) };
  const judged: Run = { ...failed, verdict: verdictOf('failed') };
  const cutTo = (run: Run, length: number): Run => {
    const told = run.finish ?? completeFinish(second(5));
    return { ...run, finish: { ...told, message: told.message.slice(0, length) } };
  };

  it.each<[accounts: readonly string[], what: string, before: Runs, after: Runs, why: string]>([
    [
      ['job-finished', 'policy-evaluated'],
      'a start',
      [finish('a', 5)],
      [{ ...finish('a', 5), startedAt: second(5) }],
      NO_START,
    ],
    [
      ['job-finished', 'policy-evaluated'],
      'an earlier start',
      [started],
      [{ ...started, startedAt: second(0) }],
      NO_START,
    ],
    [['job-finished', 'policy-evaluated'], 'a newer run that started', [passed], [start('b', 9), passed], NO_START],
    [['job-started', 'policy-evaluated'], 'a finish', [started], [complete], NO_FINISH],
    [['job-started', 'policy-evaluated'], 'a newer run that finished', [denied], [finish('b', 9), denied], NO_FINISH],
    [['job-started', 'policy-evaluated'], 'a failure made a success', [failed], [turned], NO_FINISH],
    [['job-started'], 'a message cut where there is no verdict', [failed], [cutTo(failed, 512)], NO_FINISH],
    [ANY.slice(0, 1), 'a message cut to nothing', [judged], [cutTo(judged, 9)], NO_FINISH],
    [['policy-evaluated'], 'a finish beside the verdict', [started], [passed], NO_FINISH],
    [['job-started', 'job-finished'], 'a verdict', [complete], [passed], NO_VERDICT],
    [['job-started', 'job-finished'], 'a denial made a pass', [denied], [passed], NO_VERDICT],
    [['job-started', 'job-finished'], 'a newer run that passed', [denied], [verdict('b', 9), denied], NO_VERDICT],
    [['job-finished'], 'a verdict beside the finish', [started], [passed], NO_VERDICT],
    [ANY, 'a run without a fact', [denied], [{ uid: 'b', age: second(9) }, denied], 'a new run comes with a fact'],
    [ANY, 'a run dropped', [later('b', 1, denied), passed], [passed], 'a run is dropped only where five remain'],
    [ANY, 'all runs dropped', [denied], [], 'a run is dropped only where five remain'],
    [ANY, 'another name of a Job', [started], [{ ...started, job: 'other' }], 'only become greater'],
    [
      ANY,
      'a lesser generation',
      [{ ...started, generation: 2 }],
      [{ ...started, generation: 1 }],
      'only become greater',
    ],
    [ANY, 'no generation any more', [{ ...started, generation: 2 }], [started], 'only become greater'],
    [['results-sender'], 'a start', [], [start('a', 0)], NO_FACTS],
    [['results-sender'], 'a finish', [started], [complete], NO_FACTS],
    [['results-sender'], 'a verdict', [complete], [passed], NO_FACTS],
    [
      ['results-sender'],
      'an older run',
      [complete],
      [{ ...complete, age: '2020-01-01T00:00:00Z' as Run['age'] }],
      NO_FACTS,
    ],
    [['results-sender'], 'all runs dropped', [denied], [], NO_FACTS],
  ])('%j: %s', async (accounts, _, before, after, why) => {
    const scan = await scanWith(admin, namespace, before);
    const forged = await projected(admin, scan, after);
    for (const account of accounts) {
      const { code, message } = await write(account, scan, forged);
      expect([account, message]).toEqual([account, expect.stringContaining(why)]);
      expect(code).toBe(403);
    }
    expect((await admin.get(scan)).body.status).toEqual(await projected(admin, scan, before));
  });

  it.each(ANY)('%s: runs in another order', async (account) => {
    const scan = await scanWith(admin, namespace, [later('b', 1, denied), passed]);
    const { code, message } = await as(account).patch(`${scan}/status`, {
      status: { runs: [passed, later('b', 1, denied)] },
    });
    expect([code, message]).toEqual([403, expect.stringContaining('runs stand newest first')]);
  });

  it.each([...ANY, 'results-sender'])('%s: the whole status removed', async (account) => {
    const scan = await scanWith(admin, namespace, [denied], others);
    const remove = [{ op: 'remove', path: '/status' }];
    const headers = { 'content-type': 'application/json-patch+json' };
    expect((await as(account).send('PATCH', `${scan}/status`, { body: remove, headers })).code).toBe(403);
    expect((await as(account).patch(`${scan}/status`, { status: null })).code).toBe(403);
    const applied = { apiVersion: `${GROUP}/v1beta1`, kind: 'ImageScan', status: { runs: [passed] } };
    const apply = await as(account).send('PATCH', `${scan}/status?fieldManager=test&force=true`, {
      body: applied,
      headers: { 'content-type': 'application/apply-patch+yaml' },
    });
    expect([403, 422]).toContain(apply.code);
  });
});

describe('no account may tell what no fact says:', () => {
  const at = { lastTransitionTime: second(9), error: '' };
  const success = { type: 'Succeeded', status: 'True', reason: 'JobFinished', message: 'The scan job finished', ...at };
  const pass = { type: 'PolicySucceeded', status: 'True', reason: 'EvaluationPassed', message: 'No', ...at };

  it.each<[what: string, before: Runs, lie: (status: JsonObject) => JsonObject]>([
    ['a success', [started], (status) => ({ ...status, conditions: [success, THEIRS] })],
    ['a pass', [complete], (status) => ({ ...status, conditions: [...(status.conditions as []), pass] })],
    ['a compliant artifact', [denied], (status) => ({ ...status, compliantArtifact: status.artifact })],
    ['a phase', [denied], (status) => ({ ...status, phase: 'Completed' })],
    ['that a run is unfinished', [denied], (status) => ({ ...status, runs: [{ ...denied, finish: undefined }] })],
    ['that a run was not judged', [denied], (status) => ({ ...status, runs: [complete] })],
    ['that a run is younger', [denied], (status) => ({ ...status, runs: [{ ...denied, age: second(1) }] })],
  ])('%s', async (_, before, lie) => {
    const scan = await scanWith(admin, namespace, before, others);
    const forged = lie((await admin.get(scan)).body.status as JsonObject);
    for (const account of [...ANY, 'results-sender'])
      expect([account, (await write(account, scan, forged)).code]).toEqual([account, 422]);
  });
});

describe('what belongs to others', () => {
  const noted = { conditions: [THEIRS, { type: 'Scanning', status: 'True', note: 'kept' }], lastSent: { by: 'other' } };
  const conditions = (status: JsonObject) => status.conditions as readonly JsonObject[];

  it.each<[what: string, change: (status: JsonObject) => JsonObject]>([
    ['a field', (status) => ({ ...status, lastSent: { by: 'us' } })],
    ['a new field', (status) => ({ ...status, more: 1 })],
    ['a missing field', ({ lastSent, ...status }) => status],
    [
      'a condition',
      (status) => ({
        ...status,
        conditions: conditions(status).map((one) => (one.type === THEIRS.type ? { ...one, status: 'False' } : one)),
      }),
    ],
    [
      'a missing condition',
      (status) => ({ ...status, conditions: conditions(status).filter((one) => one.type !== THEIRS.type) }),
    ],
    [
      'a new condition',
      (status) => ({ ...status, conditions: [...conditions(status), { type: 'Ready', status: 'True' }] }),
    ],
    [
      'a field of our condition',
      (status) => ({
        ...status,
        conditions: conditions(status).map((one) => ({ ...one, ...('note' in one && { note: 'other' }) })),
      }),
    ],
    [
      'a missing field of our condition',
      (status) => ({ ...status, conditions: conditions(status).map(({ note, ...one }) => one) }),
    ],
  ])('is left alone by the functions: %s', async (_, change) => {
    const scan = await scanWith(admin, namespace, [started], noted);
    const status = (await admin.get(scan)).body.status as JsonObject;
    expect(status.conditions).toEqual([expect.objectContaining({ note: 'kept' }), THEIRS]);
    for (const account of FUNCTIONS) {
      const { code, message } = await write(account, scan, change(status));
      expect([account, message]).toEqual([account, expect.stringMatching(/this account may not write .* others/)]);
      expect(code).toBe(403);
    }
  });

  it('is written by them, whatever our part says', async () => {
    const scan = await scanWith(admin, namespace, [passed], noted);
    const status = (await admin.get(scan)).body.status as JsonObject;
    const sent = {
      ...status,
      lastSent: { by: 'them', again: 1 },
      conditions: [...conditions(status).slice(0, 3), { ...THEIRS, status: 'False' }],
    };
    expect((await write('results-sender', scan, sent)).message).toBe('');
    const { metadata, spec, ...scanObject } = (await admin.get(scan)).body as {
      metadata: JsonObject;
      spec: JsonObject;
    };
    const put = { ...scanObject, metadata, spec, status: { ...sent, lastSent: 2 } };
    expect((await as('results-sender').send('PUT', `${scan}/status`, { body: put })).message).toBe('');
  });
});
