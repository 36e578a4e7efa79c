/**
 * Several processes that work on the same alerts at the same time, interleaved in any way, and dying anywhere: who is told
 * is told the truth in the end, never of an end that had no beginning, and nothing twice but what a death left unknown.
 */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { Alert, Receiver } from '../../shared/alerts/alert.ts';
import { memoryAlertState } from '../../shared/alerts/state/memory.ts';
import type { AlertState } from '../../shared/alerts/state.ts';
import type { Event } from '../../shared/events/event.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { completed, crashed, failed, type OfRun, passed, started, unjudged } from '../support/alert-changes.ts';
import { type Life, openLife } from '../support/alert-lives.ts';

const MINUTE = 60_000;
const RUNS = 4;

const ENDS = [completed, crashed];
const VERDICTS = [passed, failed, unjudged];
const WRONG = new Set<(of: OfRun) => Event>([crashed, failed, unjudged]);

/** What happened to one scan: of each run its start, its end and its verdict; of the newest, everything. */
const histories = fc
  .array(fc.record({ end: fc.constantFrom(...ENDS), verdict: fc.constantFrom(...VERDICTS), hasStart: fc.boolean() }), {
    minLength: 1,
    maxLength: RUNS,
  })
  .map((runs) => {
    const events = runs.flatMap(({ end, verdict, hasStart }, at) => [
      ...(hasStart ? [started({ run: at * 10 })] : []),
      end({ run: at * 10 }),
      verdict({ run: at * 10 }),
    ]);
    const last = runs.at(-1);
    const open = [
      ...(last && WRONG.has(last.end) ? ['Succeeded'] : []),
      ...(last && WRONG.has(last.verdict) ? ['PolicySucceeded'] : []),
    ];
    return { events, open: open.toSorted() };
  });

/** Each event once, some twice, in any order, and which of the processes gets it. */
const deliveries = histories.chain(({ events, open }) =>
  fc.record({
    open: fc.constant(open),
    given: fc
      .tuple(fc.shuffledSubarray(events, { minLength: events.length }), fc.subarray(events, { maxLength: 2 }))
      .chain(([all, twice]) =>
        fc.tuple(...[...all, ...twice].map((event) => fc.record({ event: fc.constant(event), process: fc.nat(2) }))),
      ),
  }),
);

interface Told {
  readonly status: Alert['status'];
  readonly to: string;
}

/** The state and the receiver as the scheduler lets them answer: in any order. */
const world = (scheduler: fc.Scheduler) => {
  const kept = memoryAlertState();
  const told = new Map<string, Told[]>();
  let now = Date.UTC(2026, 2, 1, 12);
  const late = async <T>(work: () => Promise<T>): Promise<T> => {
    await scheduler.schedule(Promise.resolve());
    const done = await work();
    await scheduler.schedule(Promise.resolve());
    return done;
  };
  const state: AlertState = {
    get: (key) => late(() => kept.get(key)),
    put: (write) => late(() => kept.put(write)),
    due: (at, most) => late(() => kept.due(at, most)),
    close: kept.close,
  };
  const receiver: Receiver = {
    name: 'team',
    send: ({ condition, status, to }) =>
      late(async () => {
        told.set(condition, [...(told.get(condition) ?? []), { status, to }]);
        return {};
      }),
    preview: () => ({ url: '', body: {} }),
  };
  return {
    told,
    kept,
    open: () => openLife(state, [receiver], () => now),
    pass: () => {
      now += 30 * MINUTE;
    },
    now: () => now,
  };
};

const TICK: Event = { ...started({ run: 0 }), type: 'dev.scanstatus.alerts-due.v1', data: {} };

/** Hands an event to a process, and gives it back where it has to come again. */
const deliver = async (life: Life, event: Event): Promise<readonly Event[]> => {
  try {
    await life.handle(event);
    return [];
  } catch (error) {
    if (error instanceof Unavailable) return [event];
    throw error;
  }
};

const repetitions = (all: readonly Told[]): number =>
  all.filter(({ status, to }, at) => all[at - 1]?.status === status && all[at - 1]?.to === to).length;

/** Lets the scheduler answer until the work is done: a writer that lost to others rests for a moment of real time. */
const done = async <T>(scheduler: fc.Scheduler, work: Promise<T>): Promise<T> => {
  let isDone = false;
  const ended = () => {
    isDone = true;
  };
  work.then(ended, ended);
  while (!isDone) {
    await scheduler.waitIdle();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return work;
};

interface Given {
  readonly event: Event;
  readonly process: number;
}

/** The first of three processes dies after so many steps: gives the messages of which nobody knows whether they arrived. */
const dieAfter = async (scheduler: fc.Scheduler, steps: number, life: Life): Promise<number> => {
  for (let step = 0; step < steps && scheduler.count() > 0; step += 1) await scheduler.waitOne();
  return life.die()('team');
};

/** Hands all events to three processes at once, and gives back those that have to come again. */
const rush = async (
  scheduler: fc.Scheduler,
  given: readonly Given[],
  open: () => Life,
  lastStep: number | undefined,
) => {
  const lives = [open(), open(), open()];
  const back: Event[] = [];
  const pending = new Set(given);
  const work = given.map(async (one) => {
    const again = await deliver(lives[one.process] as Life, one.event);
    pending.delete(one);
    back.push(...again);
  });
  const unknown = lastStep === undefined ? 0 : await dieAfter(scheduler, lastStep, lives[0] as Life);
  // Of the dead nothing is waited for.
  const ofLiving = work.filter((_, at) => lastStep === undefined || given[at]?.process !== 0);
  await done(scheduler, Promise.all(ofLiving));
  return { unknown, again: [...back, ...[...pending].map(({ event }) => event)] };
};

/** The narrowest of it: a failure, and that it is over, told to two processes at the same moment. */
const narrow = fc.constant({
  open: [],
  given: [
    { event: failed({ run: 0 }), process: 1 },
    { event: passed({ run: 10 }), process: 2 },
  ],
});

/** A failure, and the first run of another scan of that name. */
const recreated = fc.constant({
  open: [],
  given: [
    { event: failed({ run: 0 }), process: 1 },
    { event: started({ run: 10, life: 1 }), process: 2 },
  ],
});

const openIn = (told: ReadonlyMap<string, readonly Told[]>): readonly string[] =>
  [...told].flatMap(([condition, all]) => (all.at(-1)?.status === 'firing' ? [condition] : [])).toSorted();

describe('processes that work at the same time', () => {
  it.each([
    ['and live', deliveries, false],
    ['and of which one dies', deliveries, true],
    ['on a failure and on its end', narrow, false],
    ['on a failure and on a scan that takes its name', recreated, false],
  ])(
    '%s tell the truth in the end, and nothing twice',
    async (_, given, dies) => {
      await fc.assert(
        fc.asyncProperty(fc.scheduler(), given, fc.nat(120), async (scheduler, { given: events, open }, lastStep) => {
          const { told, kept, open: openProcess, pass, now } = world(scheduler);
          const { unknown, again } = await rush(scheduler, events, openProcess, dies ? lastStep : undefined);
          const survivor = openProcess();
          let left: readonly Event[] = again;
          const isDue = async () => left.length > 0 || (await kept.due(now() + 1_000 * MINUTE, 1)).length > 0;
          for (let rounds = 0; rounds < 20 && (await isDue()); rounds += 1) {
            pass();
            const events = [...left.map((event) => deliver(survivor, event)), deliver(survivor, TICK)];
            left = (await done(scheduler, Promise.all(events))).flat();
          }
          expect(await isDue()).toBe(false);
          expect(openIn(told)).toEqual(open);
          for (const all of told.values()) expect(all[0]?.status).toBe('firing');
          const repeated = [...told.values()].reduce((sum, all) => sum + repetitions(all), 0);
          expect(repeated).toBeLessThanOrEqual(unknown);
        }),
        { numRuns: 400 },
      );
    },
    120_000,
  );
});
