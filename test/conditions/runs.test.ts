/** The law: whatever the order, the repetition and the grouping of facts, the same is known in the end. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from '../../shared/conditions/canonical.ts';
import {
  completeFinish,
  deletedFinish,
  type Finish,
  failedFinish,
  type Run,
  type Verdict,
  verdictTexts,
} from '../../shared/conditions/facts.ts';
import { project } from '../../shared/conditions/project.ts';
import {
  addRun,
  FINISH_MESSAGE_BYTES_BESIDE_VERDICT,
  joinRun,
  joinRuns,
  KEPT_RUNS,
  type Runs,
} from '../../shared/conditions/runs.ts';
import { factsAbout, second, someFacts, twoOrders } from '../support/arbitraries.ts';

const known = (facts: readonly Run[]): Runs => facts.reduce(addRun, []);
const bytes = (runs: Runs): string => canonicalJson(project({}, runs, { namesPolicy: true }));
const runs = { numRuns: 400 };

describe('the law, for any facts of up to five runs', () => {
  it('ends in the same bytes for every order and repetition', () => {
    fc.assert(
      fc.property(twoOrders, ([facts, again]) => {
        expect(bytes(known(again))).toBe(bytes(known(facts)));
        expect(JSON.stringify(known(again))).toBe(JSON.stringify(known(facts)));
      }),
      { numRuns: 1_500 },
    );
  });

  it('has nothing as its identity', () => {
    fc.assert(
      fc.property(someFacts.map(known), (a) => {
        expect(joinRuns(a, [])).toBe(a);
        expect(joinRuns([], a)).toEqual(a);
      }),
      runs,
    );
  });

  it('joins commutatively, associatively and idempotently', () => {
    const history = someFacts.map(known);
    fc.assert(
      fc.property(history, history, history, (a, b, c) => {
        expect(joinRuns(a, b)).toEqual(joinRuns(b, a));
        expect(joinRuns(joinRuns(a, b), c)).toEqual(joinRuns(a, joinRuns(b, c)));
        expect(joinRuns(a, a)).toBe(a);
        expect(joinRuns(joinRuns(a, b), b)).toEqual(joinRuns(a, b));
      }),
      runs,
    );
  });

  it('joins two accounts of one run in the same way', () => {
    const account = fc.array(factsAbout('a'), { minLength: 1, maxLength: 5 }).map((facts) => known(facts)[0] as Run);
    fc.assert(
      fc.property(account, account, account, (a, b, c) => {
        expect(joinRun(a, b)).toEqual(joinRun(b, a));
        expect(joinRun(joinRun(a, b), c)).toEqual(joinRun(a, joinRun(b, c)));
        expect(joinRun(a, a)).toBe(a);
      }),
      runs,
    );
  });

  it('says by identity whether a fact told anything new', () => {
    fc.assert(
      fc.property(someFacts.map(known), factsAbout('a', 'b', 'f'), (before, fact) => {
        const after = addRun(before, fact);
        expect(after === before).toBe(canonicalJson(after) === canonicalJson(before));
      }),
      runs,
    );
  });
});

const start = (uid: string, at: number): Run => ({ uid, age: second(at), startedAt: second(at) });
const end = (uid: string, finish: Finish): Run => ({ uid, age: finish.at, finish });

describe('the order of runs', () => {
  it('puts the youngest first, and of two as old the greater uid', () => {
    const uids = known([start('b', 1), start('c', 1), start('a', 2), start('d', 0)]).map(({ uid }) => uid);
    expect(uids).toEqual(['a', 'c', 'b', 'd']);
  });

  it('takes the earliest instant that any fact told for the age', () => {
    const [run] = known([
      end('a', completeFinish(second(9))),
      start('a', 5),
      { uid: 'a', age: second(3), createdAt: second(3) },
    ]);
    expect(run?.age).toBe(second(3));
  });

  it('keeps an age that only a beaten finish told', () => {
    const [run] = known([end('a', completeFinish(second(3))), end('a', failedFinish(second(7), {}))]);
    expect(run).toMatchObject({ age: second(3), finish: { at: second(7) } });
  });

  it('keeps five runs, and drops the oldest', () => {
    const uids = known(Array.from({ length: 8 }, (_, at) => start(`run-${at}`, at))).map(({ uid }) => uid);
    expect(uids).toEqual(['run-7', 'run-6', 'run-5', 'run-4', 'run-3']);
    expect(uids).toHaveLength(KEPT_RUNS);
  });

  it('takes a run older than the five kept for nothing new', () => {
    const five = known(Array.from({ length: 5 }, (_, at) => start(`run-${at}`, at + 1)));
    expect(addRun(five, start('older', 0))).toBe(five);
  });
});

describe('the limits of the law', () => {
  it('keeps the law for more than five runs, as long as a dropped run tells nothing later than the oldest kept', () => {
    const apart = fc
      .integer({ min: 0, max: 7 })
      .chain((run) =>
        fc
          .integer({ min: 0, max: 9 })
          .chain((at) =>
            fc.constantFrom(
              start(`run-${run}`, run * 10 + at),
              end(`run-${run}`, completeFinish(second(run * 10 + at))),
            ),
          ),
      );
    const orders = fc
      .array(apart, { maxLength: 30 })
      .chain((facts) => fc.tuple(fc.constant(facts), fc.shuffledSubarray(facts, { minLength: facts.length })));
    fc.assert(
      fc.property(orders, ([facts, again]) => {
        expect(bytes(known(again))).toBe(bytes(known(facts)));
      }),
      runs,
    );
  });

  it('cannot know what a dropped run told before, when it comes back with a later instant', () => {
    const others = Array.from({ length: 5 }, (_, at) => start(`run-${at}`, at + 10));
    const late = end('long', completeFinish(second(20)));
    const inOrder = known([start('long', 1), ...others, late]);
    const finishFirst = known([late, start('long', 1), ...others]);
    expect(inOrder[0]).toMatchObject({ uid: 'long', age: second(20) });
    expect(finishFirst.map(({ uid }) => uid)).not.toContain('long');
  });

  it('takes a run of which only the finish arrived for as old as its finish', () => {
    const ran = [start('older', 1), start('newer', 5), end('older', completeFinish(second(9)))];
    expect(known(ran)[0]?.uid).toBe('newer');
    expect(known(ran.slice(1))[0]?.uid).toBe('older');
  });
});

const winner = (...ends: readonly Finish[]): Finish | undefined => {
  const [forth] = known(ends.map((finish) => end('a', finish)));
  const [back] = known(ends.toReversed().map((finish) => end('a', finish)));
  expect(back).toEqual(forth);
  return forth?.finish;
};

describe('of two finishes of one run', () => {
  it('keeps what the Job controller wrote rather than what was concluded', () => {
    expect(winner(deletedFinish(second(1)), completeFinish(second(2)))).toEqual(completeFinish(second(2)));
  });

  it('keeps a failure rather than a success', () => {
    expect(winner(completeFinish(second(1)), failedFinish(second(2), {}))?.outcome).toBe('failed');
  });

  it('keeps the earlier', () => {
    expect(winner(completeFinish(second(2)), completeFinish(second(1)))?.at).toBe(second(1));
  });

  it('keeps the longer error, so that a replay takes no detail away', () => {
    const plain = failedFinish(second(1), { reason: 'BackoffLimitExceeded', message: 'limit' });
    const detailed = failedFinish(second(1), {
      reason: 'BackoffLimitExceeded',
      message: 'limit',
      error: `${plain.error}: exit code 137 (OOMKilled)`,
    });
    expect(winner(plain, detailed)).toEqual(detailed);
  });

  it('keeps the lesser text', () => {
    expect(winner(failedFinish(second(1), { message: 'b' }), failedFinish(second(1), { message: 'a' }))?.message).toBe(
      'a',
    );
    const told = { message: 'm', error: 'same' };
    expect(
      winner(failedFinish(second(1), { ...told, reason: 'B' }), failedFinish(second(1), { ...told, reason: 'A' }))
        ?.reason,
    ).toBe('A');
    expect(winner(failedFinish(second(1), told), failedFinish(second(1), { ...told, reason: 'A' }))).not.toHaveProperty(
      'reason',
    );
    expect(
      winner(
        failedFinish(second(1), { message: 'z', error: 'e' }),
        failedFinish(second(1), { message: 'y', error: 'e' }),
      )?.message,
    ).toBe('y');
  });
});

const verdict = (told: Partial<Verdict>): Verdict => ({
  at: second(1),
  policy: { name: 'p', digest: 'sha256:a' },
  verdict: 'passed',
  message: 'No non-compliant vulnerabilities found',
  ...told,
});

const lastWord = (...said: readonly Verdict[]): Verdict | undefined => {
  const facts = said.map((one): Run => ({ uid: 'a', age: one.at, verdict: one }));
  const [forth] = known(facts);
  const [back] = known(facts.toReversed());
  expect(back).toEqual(forth);
  return forth?.verdict;
};

describe('of two verdicts on one run', () => {
  const worse = (ids: readonly string[]): Verdict =>
    verdict({ verdict: 'failed', ...verdictTexts('failed', ids, undefined) });

  it('keeps the latest, even where it is better', () => {
    expect(lastWord(worse(['CVE-1']), verdict({ at: second(2) }))?.verdict).toBe('passed');
  });

  it('keeps that of the newer policy generation, then of the greater digest', () => {
    const first = { name: 'p', digest: 'sha256:z' };
    expect(
      lastWord(verdict({ policy: first }), verdict({ policy: { ...first, generation: 0 } }))?.policy.generation,
    ).toBe(0);
    expect(
      lastWord(verdict({ policy: { ...first, generation: 2 } }), verdict({ policy: { ...first, generation: 1 } }))
        ?.policy.generation,
    ).toBe(2);
    expect(lastWord(verdict({}), verdict({ policy: first }))?.policy.digest).toBe('sha256:z');
  });

  it('keeps failed before error before passed', () => {
    const error = verdict({ verdict: 'error', ...verdictTexts('error', [], 'no') });
    expect(lastWord(verdict({}), error)?.verdict).toBe('error');
    expect(lastWord(error, worse(['CVE-1']))?.verdict).toBe('failed');
  });

  it('keeps the greater canonical JSON of what is otherwise the same', () => {
    expect(lastWord(worse(['CVE-1']), worse(['CVE-2']))?.message).toMatch(/CVE-2$/);
  });
});

describe('a run with a finish and a verdict', () => {
  const long = failedFinish(second(1), { message: 'm'.repeat(9_000), error: 'e' });
  const said: Run = { uid: 'a', age: second(2), verdict: verdict({ at: second(2) }) };

  it('gives up the rest of a long finish message, whichever came first', () => {
    const message = 'm'.repeat(FINISH_MESSAGE_BYTES_BESIDE_VERDICT);
    expect(known([end('a', long), said])[0]?.finish?.message).toBe(message);
    expect(known([said, end('a', long)])[0]?.finish?.message).toBe(message);
    expect(known([end('a', long)])[0]?.finish?.message).toBe(long.message);
  });

  it('ends in the same bytes for finishes that differ only behind the cut', () => {
    const finish = fc
      .record({
        reason: fc.constantFrom('A', 'B'),
        // Around the cut, characters of several widths: a cut may leave one out and keep another.
        length: fc.integer({
          min: FINISH_MESSAGE_BYTES_BESIDE_VERDICT - 3,
          max: FINISH_MESSAGE_BYTES_BESIDE_VERDICT + 1,
        }),
        tail: fc.constantFrom('', 'y', 'z', '"', '€', '🦀', '🦀z'),
      })
      .map(({ reason, length, tail }) =>
        end('a', failedFinish(second(1), { reason, message: `${'m'.repeat(length)}${tail}`, error: 'e' })),
      );
    const facts = fc.array(finish, { minLength: 1, maxLength: 4 }).map((finishes) => [...finishes, said]);
    const orders = facts.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(orders, ([all, again]) => expect(known(again)).toEqual(known(all))),
      runs,
    );
  });

  it('learns nothing new from the same finish seen again in full', () => {
    const both = known([end('a', long), said]);
    expect(addRun(both, end('a', long))).toBe(both);
  });
});

describe('any other value told twice', () => {
  it('is the lesser instant and the greater anything else', () => {
    const a: Run = {
      uid: 'a',
      age: second(2),
      createdAt: second(2),
      startedAt: second(4),
      job: 'scan-1',
      generation: 3,
    };
    const b: Run = {
      uid: 'a',
      age: second(1),
      createdAt: second(3),
      startedAt: second(3),
      job: 'scan-2',
      generation: 2,
    };
    const joined = {
      uid: 'a',
      job: 'scan-2',
      age: second(1),
      createdAt: second(2),
      startedAt: second(3),
      generation: 3,
    };
    expect(joinRun(a, b)).toEqual(joined);
    expect(joinRun(b, a)).toEqual(joined);
  });
});
