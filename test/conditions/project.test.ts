/** What a status says for given runs: every message, reason, phase and limit, and what belongs to others stays. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import {
  completeFinish,
  cutWorst,
  deletedFinish,
  factInstant,
  failedFinish,
  type Run,
  type Verdict,
  verdictTexts,
} from '../../shared/conditions/facts.ts';
import { changesOf, conditionsOf, project } from '../../shared/conditions/project.ts';
import { addRun } from '../../shared/conditions/runs.ts';
import { type JsonObject, runsOf } from '../../shared/conditions/status.ts';
import { second, someFacts } from '../support/arbitraries.ts';

const NO_POLICY = { namesPolicy: false };
const POLICY = { namesPolicy: true };

const verdictOf = (verdict: Verdict['verdict'], ids: readonly string[] = [], error?: string): Verdict => ({
  at: second(9),
  policy: { name: 'p', digest: 'sha256:a' },
  verdict,
  ...verdictTexts(verdict, ids, error),
});

const created: Run = { uid: 'a', age: second(0), createdAt: second(0) };
const started: Run = { ...created, startedAt: second(1) };
const complete: Run = { ...started, finish: completeFinish(second(5)) };
const failed: Run = {
  ...started,
  finish: failedFinish(second(5), {
    reason: 'BackoffLimitExceeded',
    message: 'Job has reached the specified backoff limit',
  }),
};
const deleted: Run = { ...started, finish: deletedFinish(second(5)) };
const passed: Run = { ...complete, verdict: verdictOf('passed') };
const denied: Run = { ...complete, verdict: verdictOf('failed', ['CVE-2', 'CVE-1', 'CVE-2']) };
const broken: Run = { ...complete, verdict: verdictOf('error', [], 'rego_type_error: no') };

const told = (run: Run): readonly string[] =>
  conditionsOf(run).map(({ type, status, reason, message, error, lastTransitionTime }) =>
    [type, status, reason, message, error, lastTransitionTime.slice(-4)].join(' | '),
  );

describe('the conditions of a run', () => {
  const running = 'Scanning | True | JobStarted | The scan job is running |  | :01Z';
  const closed = 'Scanning | False | JobFinished | The scan job terminated |  | :05Z';
  const done = 'Succeeded | True | JobFinished | The scan job finished |  | :05Z';

  it.each([
    ['only created: none', created, []],
    ['started', started, [running]],
    ['complete', complete, [closed, done]],
    ['only its finish known', { uid: 'a', age: second(5), finish: completeFinish(second(5)) }, [closed, done]],
    [
      'failed',
      failed,
      [
        closed,
        'Succeeded | False | Error | Job has reached the specified backoff limit | BackoffLimitExceeded: Job has reached the specified backoff limit | :05Z',
      ],
    ],
    [
      'deleted',
      deleted,
      [
        closed,
        'Succeeded | False | Error | The scan job was deleted before it finished | JobDeleted: The scan job was deleted before it finished | :05Z',
      ],
    ],
    [
      'failed, nobody said why',
      { ...started, finish: failedFinish(second(5), {}) },
      [closed, 'Succeeded | False | Error | The scan job failed | The scan job failed | :05Z'],
    ],
    [
      'passed',
      passed,
      [closed, done, 'PolicySucceeded | True | EvaluationPassed | No non-compliant vulnerabilities found |  | :09Z'],
    ],
    [
      'denied',
      denied,
      [
        closed,
        done,
        'PolicySucceeded | False | EvaluationFailed | Vulnerabilities that failed OPA policy: CVE-1, CVE-2 |  | :09Z',
      ],
    ],
    [
      'denied by a policy that names nothing',
      { ...complete, verdict: verdictOf('failed') },
      [closed, done, 'PolicySucceeded | False | EvaluationFailed | Vulnerabilities that failed OPA policy: |  | :09Z'],
    ],
    [
      'not evaluated',
      broken,
      [closed, done, 'PolicySucceeded | Unknown | Error | An error has occurred | rego_type_error: no | :09Z'],
    ],
    [
      'not evaluated, nobody said why',
      { ...complete, verdict: verdictOf('error') },
      [
        closed,
        done,
        'PolicySucceeded | Unknown | Error | An error has occurred | The policy could not be evaluated | :09Z',
      ],
    ],
    [
      'only a verdict',
      { uid: 'a', age: second(9), verdict: verdictOf('passed') },
      ['PolicySucceeded | True | EvaluationPassed | No non-compliant vulnerabilities found |  | :09Z'],
    ],
  ] as const)('of a run that is %s', (_, run, conditions) => {
    expect(told(run)).toEqual(conditions);
  });

  it('carry the generation that the run was started for, and none where nobody said it', () => {
    expect(conditionsOf({ ...passed, generation: 4 }).map(({ observedGeneration }) => observedGeneration)).toEqual([
      4, 4, 4,
    ]);
    expect(conditionsOf(passed).some((condition) => 'observedGeneration' in condition)).toBe(false);
  });

  it('have reasons of the form that the API conventions ask for', () => {
    const reasons = [started, passed, denied, broken, failed].flatMap((run) =>
      conditionsOf(run).map(({ reason }) => reason),
    );
    for (const reason of reasons) expect(reason).toMatch(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/);
  });
});

describe('the phase', () => {
  it.each([
    ['Pending', created, POLICY],
    ['Scanning', started, POLICY],
    ['Error', failed, POLICY],
    ['Error', { ...failed, verdict: verdictOf('passed') }, POLICY],
    ['Scanning', complete, POLICY],
    ['Completed', complete, NO_POLICY],
    ['Completed', passed, POLICY],
    ['Failed', denied, POLICY],
    ['Error', broken, POLICY],
  ] as const)('is %s', (phase, run, spec) => {
    expect(project({}, [run], spec).phase).toBe(phase);
  });
});

describe('the other fields', () => {
  const artifact = { registry: { image: 'shop@sha256:1' } };
  const report = {
    cveCount: { CRITICAL: 1, HIGH: 2, MEDIUM: 0, LOW: 0, UNKNOWN: 0, CVETOTAL: 3 },
    scanner: { name: 'Grype', vendor: 'Anchore', version: '0.9' },
  };

  it('tell what the report told, and when a complete scan ended', () => {
    const run: Run = { ...complete, generation: 2, verdict: { ...verdictOf('failed', ['CVE-1']), ...report } };
    expect(project({}, [run], POLICY)).toMatchObject({
      observedGeneration: 2,
      cveCount: report.cveCount,
      scannedBy: { scanner: report.scanner },
      scannedAt: second(5),
    });
  });

  it.each([
    ['passed', passed, true],
    ['denied', denied, false],
    ['not evaluated', broken, false],
    ['not judged yet', complete, false],
    ['failed but passed by the policy', { ...failed, verdict: verdictOf('passed') }, false],
    ['passed without a known finish', { ...started, verdict: verdictOf('passed') }, false],
  ] as const)('open the gate for pipelines only for what succeeded and passed: %s', (_, run, isOpen) => {
    const status = project({ compliantArtifact: { registry: { image: 'forged' } } }, [run], { ...POLICY, artifact });
    expect(status.artifact).toEqual(artifact);
    expect(status.compliantArtifact).toEqual(isOpen ? artifact : undefined);
    expect(project({}, [run], POLICY)).not.toHaveProperty('compliantArtifact');
  });

  it.each([
    ['is the one that the run was started for', 3, 3, true],
    ['has changed since the run was started', 3, 4, false],
    ['is unknown, because the Job says none', undefined, 4, true],
    ['is unknown, because the store knows no spec', 3, undefined, true],
  ] as const)('name the artifact where the generation %s', (_, started_, now, isNamed) => {
    const run: Run = { ...passed, ...(started_ !== undefined && { generation: started_ }) };
    const spec = { ...POLICY, artifact, ...(now !== undefined && { generation: now }) };
    const status = project({ artifact: { registry: { image: 'older' } } }, [run], spec);
    expect(status.artifact).toEqual(isNamed ? artifact : undefined);
    expect(status.compliantArtifact).toEqual(isNamed ? artifact : undefined);
  });

  it('are cleared when a newer run is known', () => {
    const before = project({}, [{ ...passed, generation: 1, verdict: { ...verdictOf('passed'), ...report } }], {
      ...POLICY,
      artifact,
    });
    const after = project(before, addRun(runsOf(before), { uid: 'b', age: second(20), createdAt: second(20) }), POLICY);
    expect(after).toEqual({ conditions: [], phase: 'Pending', runs: expect.anything() });
  });
});

describe('what belongs to others', () => {
  const theirs = [
    { type: 'SendingResults', status: 'True', reason: 'Busy', extra: { deep: [1] } },
    { type: 'Ready', status: 'False' },
  ];

  it('stays as it is, conditions after ours and in their order', () => {
    const current = {
      conditions: [theirs[0], { type: 'Succeeded', status: 'True' }, theirs[1]],
      lastSent: { by: 'other' },
    };
    const status = project(current, [complete], NO_POLICY);
    expect(status.lastSent).toEqual({ by: 'other' });
    expect((status.conditions as JsonObject[]).slice(2)).toEqual(theirs);
    expect((status.conditions as JsonObject[]).map(({ type }) => type)).toEqual([
      'Scanning',
      'Succeeded',
      'SendingResults',
      'Ready',
    ]);
  });

  it('stays in our conditions while they live, and goes with them', () => {
    const current = { conditions: [{ type: 'Scanning', status: 'True', observedGeneration: 9, note: 'kept' }] };
    const [scanning] = project(current, [started], NO_POLICY).conditions as JsonObject[];
    expect(scanning).toEqual({ ...conditionsOf(started)[0], note: 'kept' });
    expect(project(current, [created], NO_POLICY).conditions).toEqual([]);
  });

  it.each([[undefined], ['nonsense'], [{ 0: 'x' }], [[null, 'x', 7]]])(
    'is repaired where the conditions are %j',
    (conditions) => {
      expect(project({ conditions }, [complete], NO_POLICY).conditions).toEqual(conditionsOf(complete));
    },
  );

  it('is all that is left where no run is known', () => {
    expect(project({ phase: 'Error', other: 1, runs: 'x' }, [], NO_POLICY)).toEqual({
      other: 1,
      conditions: [],
      runs: [],
    });
  });
});

describe('the runs read back from a status', () => {
  it('are those that were written', () => {
    fc.assert(
      fc.property(someFacts, (facts) => {
        const runs = facts.reduce(addRun, [] as readonly Run[]);
        expect(runsOf(JSON.parse(JSON.stringify(project({}, runs, NO_POLICY))))).toEqual(runs);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    [undefined, []],
    ['x', []],
    [
      [
        7,
        null,
        { uid: 'a' },
        { uid: '', age: second(1) },
        { uid: 'a', age: 'yesterday' },
        { ...created, finish: { at: 1 } },
      ],
      [],
    ],
    [
      [created, { uid: 'b', age: second(3) }, created],
      ['b', 'a'],
    ],
  ])('leave out what is no run: %j', (runs, uids) => {
    expect(runsOf({ runs }).map(({ uid }) => uid)).toEqual(uids);
  });
});

describe('all that we own in a status', () => {
  it('stays under 256 KiB, whatever five runs are told', () => {
    const longest = (character: string, length = 40_000): string => character.repeat(length);
    for (const character of ['x', '"', '\\', 'é', '漢', '🦀', '\n', '\u0001']) {
      const strings = {
        name: longest(character, 128),
        vendor: longest(character, 128),
        version: longest(character, 128),
      };
      const worst = Array.from({ length: 20 }, () => ({
        id: longest(character, 256),
        severity: 'CRITICAL',
        component: longest(character, 1_024),
      }));
      const runs = Array.from(
        { length: 5 },
        (_, at): Run => ({
          uid: longest('u', 127) + at,
          job: longest('j', 253),
          age: second(at),
          createdAt: second(at),
          startedAt: second(at),
          generation: 2 ** 53 - 1,
          finish: failedFinish(second(9), {
            reason: longest('R'),
            message: longest(character),
            error: longest(character),
          }),
          verdict: {
            at: second(9),
            policy: { name: longest('p', 253), digest: longest('d', 256), generation: 2 ** 53 - 1 },
            verdict: 'failed',
            ...verdictTexts(
              'failed',
              Array.from({ length: 9_000 }, (__, id) => longest(character, 9) + id),
              undefined,
            ),
            cveCount: { CRITICAL: 1e15, HIGH: 1e15, MEDIUM: 1e15, LOW: 1e15, UNKNOWN: 1e15, CVETOTAL: 1e15 },
            scanner: strings,
            worst: cutWorst(worst),
          },
        }),
      );
      const status = project({}, runs.reduce(addRun, [] as readonly Run[]), POLICY);
      expect(Buffer.byteLength(canonicalJson(status))).toBeLessThan(256 * 1_024);
    }
  });
});

describe('what a fact decides', () => {
  it.each([
    ['started', started, { Scanning: 'True' }],
    ['started', complete, {}],
    ['started', created, {}],
    ['finished', complete, { Scanning: 'False', Succeeded: 'True' }],
    ['finished', failed, { Scanning: 'False', Succeeded: 'False' }],
    ['finished', started, {}],
    ['evaluated', denied, { PolicySucceeded: 'False' }],
    ['evaluated', broken, { PolicySucceeded: 'Unknown' }],
    ['evaluated', complete, {}],
  ] as const)('%s', (type, run, changes) => {
    expect(Object.fromEntries(changesOf(type, run).map((change) => [change.type, change.to]))).toEqual(changes);
    const conditions = Object.fromEntries(conditionsOf(run).map((condition) => [condition.type, condition.status]));
    expect(conditions).toMatchObject(changes);
  });

  it('has the instant of the fact, and of a start that has not come the creation', () => {
    expect(factInstant({ type: 'started', run: started })).toBe(second(1));
    expect(factInstant({ type: 'started', run: created })).toBe(second(0));
    expect(factInstant({ type: 'finished', run: complete })).toBe(second(5));
    expect(factInstant({ type: 'evaluated', run: passed })).toBe(second(9));
    expect(factInstant({ type: 'evaluated', run: created })).toBe(second(0));
  });
});
