/** What conditions tell where a status keeps no runs: by instants alone, and in any order the same. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import {
  completeFinish,
  deletedFinish,
  type Fact,
  type Finish,
  failedFinish,
  type Run,
  type Verdict,
  verdictTexts,
} from '../../shared/conditions/facts.ts';
import { inferredRun, joinInferred } from '../../shared/conditions/inferred.ts';
import { conditionsOf, project } from '../../shared/conditions/project.ts';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import { type Applied, applyFacts } from '../../shared/scans/apply.ts';
import type { ScanStore } from '../../shared/scans/store.ts';
import { factsApart, factsTogether, inTwoOrders, second } from '../support/arbitraries.ts';
import { foreignStore } from '../support/foreign-store.ts';
import { scanNamed } from '../support/store-contract.ts';

const scan = scanNamed('one');
type Told = Pick<Fact, 'type' | 'run'>;

const start = (uid: string, at: number, more: Partial<Run> = {}): Told => ({
  type: 'started',
  run: { uid, age: second(at), startedAt: second(at), ...more },
});
const end = (uid: string, finish: Finish, more: Partial<Run> = {}): Told => ({
  type: 'finished',
  run: { uid, age: finish.at, finish, ...more },
});
const complete = (uid: string, at: number): Told => end(uid, completeFinish(second(at)));
const verdictAt = (at: number, more: Partial<Verdict> = {}): Verdict => ({
  at: second(at),
  policy: { name: 'p', digest: 'sha256:a' },
  verdict: 'passed',
  message: 'No non-compliant vulnerabilities found',
  ...more,
});
const judged = (uid: string, verdict: Verdict): Told => ({ type: 'evaluated', run: { uid, age: verdict.at, verdict } });

const CRDS = [
  { crd: 'drops runs', drops: ['runs'] },
  { crd: 'drops runs and errors', drops: ['runs', 'conditions.*.error'] },
];

const statusIn = async (store: ScanStore): Promise<JsonObject> => (await store.read(scan))?.status ?? {};

/** The outcomes of facts that arrive one after the other. */
const send = async (store: ScanStore, facts: readonly Told[]): Promise<readonly Applied['outcome'][]> => {
  const outcomes: Applied['outcome'][] = [];
  for (const told of facts) outcomes.push(...(await applyFacts(store, [{ scan, ...told }])).map((one) => one.outcome));
  return outcomes;
};

const statusAfter = async (drops: readonly string[], facts: readonly Told[]): Promise<JsonObject> => {
  const store = foreignStore({ drops });
  await send(store, facts);
  return statusIn(store);
};

/** Conditions without the generation, which facts of one second may tell differently. */
const conditionsIn = ({ conditions }: JsonObject): readonly JsonObject[] =>
  (Array.isArray(conditions) ? conditions.filter(isJsonObject) : []).map(({ observedGeneration: _, ...rest }) => rest);

const instantOf = (status: JsonObject, type: string): string => {
  const found = conditionsIn(status).find((condition) => condition.type === type);
  return typeof found?.lastTransitionTime === 'string' ? found.lastTransitionTime : '';
};

describe.each(CRDS)('a CRD that $crd', ({ drops }) => {
  it('ends in the same status for every order and repetition of facts with different instants', async () => {
    await fc.assert(
      fc.asyncProperty(inTwoOrders(factsApart), async ([facts, again]) => {
        const [one, other] = [await statusAfter(drops, facts), await statusAfter(drops, again)];
        expect(canonicalJson(other)).toBe(canonicalJson(one));
      }),
      { numRuns: 400 },
    );
  });

  it('ends in the same conditions even where instants are the same', async () => {
    await fc.assert(
      fc.asyncProperty(inTwoOrders(factsTogether), async ([facts, again]) => {
        const [one, other] = [await statusAfter(drops, facts), await statusAfter(drops, again)];
        expect(conditionsIn(other)).toEqual(conditionsIn(one));
      }),
      { numRuns: 400 },
    );
  });

  it('says what the latest start or finish did, and the latest verdict since', async () => {
    await fc.assert(
      fc.asyncProperty(factsApart, async (facts) => {
        const status = await statusAfter(drops, facts);
        const instants = (type: Fact['type']) => facts.filter((fact) => fact.type === type).map(({ run }) => run.age);
        const latest = (...all: readonly string[]): string => all.toSorted().at(-1) ?? '';
        const [started, finished] = [latest(...instants('started')), latest(...instants('finished'))];
        expect(instantOf(status, 'Scanning')).toBe(latest(started, finished));
        expect(instantOf(status, 'Succeeded')).toBe(finished > started ? finished : '');
        const evaluated = latest(...instants('evaluated'));
        expect(instantOf(status, 'PolicySucceeded')).toBe(evaluated > latest(started, finished) ? evaluated : '');
      }),
      { numRuns: 300 },
    );
  });

  it('takes what it was told before for duplicate or superseded, and writes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(factsApart, factsTogether), async (facts) => {
        const store = foreignStore({ drops });
        await send(store, facts);
        const before = store.writes();
        expect((await send(store, facts)).filter((outcome) => outcome === 'applied')).toEqual([]);
        expect(store.writes()).toBe(before);
      }),
      { numRuns: 300 },
    );
  });

  it('lets no older fact change what a newer one said', async () => {
    const store = foreignStore({ drops });
    await send(store, [start('b', 20), complete('b', 30), judged('b', verdictAt(31))]);
    const before = await statusIn(store);
    const older = [
      start('a', 1),
      complete('a', 9),
      judged('a', verdictAt(10)),
      start('b', 20),
      judged('c', verdictAt(30)),
    ];
    expect(await send(store, older)).toEqual(older.map(() => 'superseded'));
    expect(await statusIn(store)).toEqual(before);
    expect(await send(store, [complete('b', 30), judged('b', verdictAt(31))])).toEqual(['duplicate', 'duplicate']);
  });

  it('opens a new run with a later start, and closes it with its finish', async () => {
    const store = foreignStore({ drops });
    await send(store, [start('a', 1), complete('a', 5), judged('a', verdictAt(6))]);
    expect(await send(store, [start('b', 9)])).toEqual(['applied']);
    expect(conditionsIn(await statusIn(store))).toMatchObject([{ type: 'Scanning', status: 'True' }]);
    expect(await send(store, [complete('b', 12), complete('a', 5)])).toEqual(['applied', 'superseded']);
    expect(await statusIn(store)).toMatchObject({ phase: 'Completed', scannedAt: second(12) });
  });

  it('judges the facts of one batch together, in one write', async () => {
    const store = foreignStore({ drops });
    await send(store, [start('a', 1)]);
    const batch = [complete('a', 5), start('b', 9), start('a', 1)].map((told) => ({ scan, ...told }));
    expect((await applyFacts(store, batch)).map(({ outcome }) => outcome)).toEqual([
      'superseded',
      'applied',
      'superseded',
    ]);
    expect(store.writes()).toBe(2);
  });

  it('keeps what the report told when the finish comes after the verdict', async () => {
    const told = verdictAt(6, {
      cveCount: { CRITICAL: 1, HIGH: 0, MEDIUM: 0, LOW: 0, UNKNOWN: 0, CVETOTAL: 1 },
      scanner: { name: 'Trivy' },
    });
    const status = await statusAfter(drops, [start('a', 1), judged('a', told), complete('a', 5)]);
    expect(status).toMatchObject({ cveCount: told.cveCount, scannedBy: { scanner: told.scanner } });
    expect(status).toEqual(await statusAfter(drops, [complete('a', 5), judged('a', told), start('a', 1)]));
  });
});

describe('a CRD that drops runs and keeps errors', () => {
  it('ends with the detail of a failure, whichever telling came last', async () => {
    const plain = failedFinish(second(5), { reason: 'BackoffLimitExceeded', message: 'limit' });
    const detailed = failedFinish(second(5), {
      message: 'limit',
      error: `${plain.error}; container a exited with code 1`,
    });
    const facts = [end('a', plain), end('a', detailed)];
    for (const order of [facts, facts.toReversed()]) {
      const { conditions } = await statusAfter(['runs'], order);
      expect(conditions).toMatchObject([{}, { type: 'Succeeded', error: detailed.error }]);
    }
  });
});

describe('the limits of what is inferred', () => {
  const drops = ['runs'];

  it('takes a late finish of an older run for the newest news: nothing says whose it is', async () => {
    const facts = [start('older', 1), start('newer', 5), complete('older', 9)];
    expect(await statusAfter(drops, facts)).toMatchObject({ phase: 'Completed', scannedAt: second(9) });
  });

  it('takes two runs of one second for one', async () => {
    const store = foreignStore({ drops });
    expect(await send(store, [start('a', 5), start('b', 5), complete('c', 5)])).toEqual([
      'applied',
      'duplicate',
      'applied',
    ]);
    expect(await send(store, [start('a', 5)])).toEqual(['superseded']);
  });

  it('cannot tell which of two runs of one second the generation is of', async () => {
    const facts = [start('a', 5, { generation: 1 }), start('b', 5, { generation: 2 })];
    expect(await statusAfter(drops, facts)).toMatchObject({ observedGeneration: 1 });
    expect(await statusAfter(drops, facts.toReversed())).toMatchObject({ observedGeneration: 2 });
  });

  it('takes a later end for the true one, even where it was only concluded', async () => {
    const facts = [complete('a', 5), end('a', deletedFinish(second(6)))];
    expect(await statusAfter(drops, facts)).toMatchObject({ phase: 'Error' });
  });

  it('drops a verdict that was asked for before the finish', async () => {
    const status = await statusAfter(drops, [judged('a', verdictAt(5)), complete('a', 6)]);
    expect(conditionsIn(status).map(({ type }) => type)).toEqual(['Scanning', 'Succeeded']);
  });

  it('forgets a creation as soon as it is told', async () => {
    const created: Told = { type: 'started', run: { uid: 'a', age: second(1), createdAt: second(1) } };
    const store = foreignStore({ drops });
    expect(await send(store, [created, created])).toEqual(['applied', 'applied']);
    expect(store.writes()).toBe(1);
    expect(await send(store, [start('a', 2), created])).toEqual(['applied', 'duplicate']);
  });
});

const condition = (type: string, status: string, at: unknown, more: JsonObject = {}): JsonObject => ({
  type,
  status,
  lastTransitionTime: at,
  ...more,
});

describe('the run that conditions tell', () => {
  it('is none where there are runs, or nothing of ours', () => {
    const conditions = [condition('Scanning', 'True', second(1))];
    expect(inferredRun({ conditions, runs: 'none' })).toBeUndefined();
    expect(inferredRun({ conditions, runs: [{}] })).toBeUndefined();
    expect(inferredRun({ conditions, runs: [] })).toEqual(inferredRun({ conditions }));
    for (const status of [
      {},
      { conditions: 'none' },
      { conditions: [] },
      { conditions: [null, 7, 'Scanning', condition('SendingResults', 'True', second(1))] },
      { conditions: [condition('Scanning', 'True', 'yesterday')] },
      { conditions: [condition('Scanning', 'True', 7)] },
      { conditions: [condition('Scanning', 'False', second(1))] },
    ])
      expect(inferredRun(status)).toBeUndefined();
  });

  it('is what was projected, read back', () => {
    const run: Run = {
      uid: '',
      age: second(5),
      generation: 2,
      finish: { at: second(5), outcome: 'failed', message: 'm', error: 'e' },
      verdict: verdictAt(6, { policy: { name: '', digest: '' }, verdict: 'error', message: 'm', error: 'e' }),
    };
    const { runs: _, ...status } = project({}, [run], { namesPolicy: true });
    expect(inferredRun(status)).toEqual(run);
  });

  it('leaves out a generation that is none', () => {
    const conditions = [condition('Scanning', 'True', second(1))];
    for (const observedGeneration of ['1', 1.5, null]) {
      expect(inferredRun({ conditions, observedGeneration })).toEqual({
        uid: '',
        age: second(1),
        startedAt: second(1),
      });
    }
  });

  it('has the generation of the status, or where that was dropped of a condition', () => {
    const conditions = [condition('Scanning', 'True', second(1), { observedGeneration: 4 })];
    expect(inferredRun({ conditions })).toMatchObject({ generation: 4 });
    expect(inferredRun({ conditions, observedGeneration: 5 })).toMatchObject({ generation: 5 });
  });

  it('leaves out what a report told that does not look like it', () => {
    const conditions = [condition('PolicySucceeded', 'True', second(1))];
    const verdict = { at: second(1), policy: { name: '', digest: '' }, verdict: 'passed', message: '' };
    for (const shown of [{}, { cveCount: 7, scannedBy: 'x' }, { cveCount: { HIGH: 1 }, scannedBy: { scanner: [] } }])
      expect(inferredRun({ conditions, ...shown })).toEqual({ uid: '', age: second(1), verdict });
  });

  it('is only what no later instant has overtaken', () => {
    const all = (started: number, finished: number, evaluated: number) =>
      inferredRun({
        conditions: [
          condition('Scanning', 'True', second(started)),
          condition('Succeeded', 'True', second(finished)),
          condition('PolicySucceeded', 'False', second(evaluated)),
        ],
      });
    expect(Object.keys(all(1, 2, 3) ?? {})).toEqual(['uid', 'age', 'finish', 'verdict']);
    expect(Object.keys(all(2, 2, 2) ?? {})).toEqual(['uid', 'age', 'finish', 'verdict']);
    expect(Object.keys(all(1, 3, 2) ?? {})).toEqual(['uid', 'age', 'finish']);
    expect(Object.keys(all(3, 2, 4) ?? {})).toEqual(['uid', 'age', 'startedAt', 'verdict']);
    expect(Object.keys(all(3, 1, 2) ?? {})).toEqual(['uid', 'age', 'startedAt']);
  });
});

describe('one more fact', () => {
  const known: Run = { uid: '', age: second(5), generation: 3, finish: { ...completeFinish(second(5)) } };

  it('is known by identity where it tells nothing newer', () => {
    for (const { run } of [complete('a', 5), complete('a', 4), start('a', 5), judged('a', verdictAt(4))])
      expect(joinInferred(known, run)).toBe(known);
  });

  it('brings its own run and generation, except a verdict, which says nothing of the Job', () => {
    const told = start('b', 6, { job: 'scan-b', generation: 4 }).run;
    expect(joinInferred(known, told)).toEqual(told);
    expect(joinInferred(known, start('b', 6).run)).not.toHaveProperty('generation');
    const verdict = verdictAt(6);
    expect(joinInferred(known, judged('b', verdict).run)).toEqual({ ...known, uid: 'b', age: second(6), verdict });
    const { generation: _, ...unsaid } = known;
    expect(joinInferred(unsaid, judged('b', verdict).run)).toEqual({ ...unsaid, uid: 'b', age: second(6), verdict });
  });

  it('of one second stands by what conditions tell: a failure, then the lesser message', () => {
    const failed = failedFinish(second(5), { message: 'b' });
    expect(joinInferred(known, end('a', failed).run).finish).toBe(failed);
    const dropped: Run = { ...known, finish: { at: second(5), outcome: 'failed', message: 'b', error: '' } };
    expect(joinInferred(dropped, end('a', failed).run)).toBe(dropped);
    expect(joinInferred(dropped, end('a', failedFinish(second(5), { message: 'c' })).run)).toBe(dropped);
    expect(joinInferred(dropped, end('a', failedFinish(second(5), { message: 'a' })).run).finish?.message).toBe('a');
  });

  it('that is a verdict of one second stands by how bad it is', () => {
    const passed: Run = { ...known, verdict: verdictAt(6) };
    const failed = verdictAt(6, { verdict: 'failed', ...verdictTexts('failed', ['CVE-1'], undefined) });
    expect(joinInferred(passed, judged('a', failed).run).verdict).toBe(failed);
    expect(joinInferred({ ...known, verdict: failed }, judged('a', verdictAt(6)).run).verdict).toBe(failed);
    expect(conditionsOf(joinInferred(passed, judged('a', failed).run))).toHaveLength(3);
  });
});
