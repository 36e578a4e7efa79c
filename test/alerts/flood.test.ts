/**
 * Ten thousand changes of five hundred scans, each told three times and in any order, to receivers that fail and refuse to
 * be hurried, with a process that dies in the middle: each alert once, each that is resolved closed, none missing.
 */
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Receiver } from '../../shared/alerts/alert.ts';
import { openSqliteAlertState } from '../../shared/alerts/state/sqlite.ts';
import type { Event } from '../../shared/events/event.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { started } from '../support/alert-changes.ts';
import { type Life, openLife } from '../support/alert-lives.ts';
import { type Dice, storyOf } from '../support/alert-stories.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { EVERY_RECEIVER, type EveryReceiver } from '../support/receivers/every-receiver.ts';
import { type Heard, openEar } from '../support/receivers/heard.ts';
import { type Answered, receiverServers, type TestClock } from '../support/receivers/receiver-server.ts';
import { openSteppedClock, type SteppedClock } from '../support/stepped-clock.ts';

const SCANS = 500;
const CHANGES = 10_000;
const REPEATED = 3;
const AT_ONCE = 32;
/** Rounds of the event loop after which the process dies in the middle of a batch. */
const LIFE_OF_BATCH = 20;

const openDice = (seed: number): Dice => {
  const generator = xoroshiro128plus(seed);
  return (most) => (generator.next() >>> 0) % most;
};

const shuffled = <T>(all: readonly T[], dice: Dice): T[] => {
  const copy = [...all];
  for (let at = copy.length - 1; at > 0; at -= 1) {
    const other = dice(at + 1);
    [copy[at], copy[other]] = [copy[other] as T, copy[at] as T];
  }
  return copy;
};

/** One request in five fails before anybody reads it. */
const openTroubles = (dice: Dice) => (): Answered | 'hang up' | undefined =>
  new Map<number, Answered | 'hang up'>([
    [0, 'hang up'],
    [1, { status: 429, headers: { 'retry-after': '2' } }],
    [2, { status: 500 }],
    [3, { status: 503 }],
  ]).get(dice(20));

/** A receiver, and what somebody there hears; how often it had to be refused for being too fast. */
interface Listening {
  readonly what: string;
  readonly receiver: Receiver;
  readonly heard: readonly Heard[];
  readonly hurried: () => number;
}

const serve = receiverServers();
const folder = temporaryFolder();

const listen = async ({ what, vendor, open }: EveryReceiver, clock: TestClock, dice: Dice): Promise<Listening> => {
  const heard: Heard[] = [];
  let hurried = 0;
  const ear = openEar(what, clock.now);
  const real = vendor(clock);
  const listening: typeof real = (asked) => {
    const answered = real(asked);
    if (answered.status === 429) hurried += 1;
    heard.push(...ear(asked, answered));
    return answered;
  };
  const server = await serve(listening, clock, openTroubles(dice), { tls: false });
  return { what, heard, hurried: () => hurried, receiver: open(server.url, { ...server.settings, name: what }) };
};

interface Waiting {
  readonly event: Event;
  readonly notBefore: number;
}

const TICK: Event = { ...started({ run: 0 }), type: 'dev.scanstatus.alerts-due.v1', data: {} };

/** A queue in front of the function: what it cannot do now comes again, when it asks for it. */
const openQueue = (events: readonly Event[], { clock, settle, forget }: SteppedClock) => {
  let queue: readonly Waiting[] = events.map((event) => ({ event, notBefore: 0 }));
  const handle = async (life: Life, { event }: Waiting): Promise<readonly Waiting[]> => {
    try {
      await life.handle(event);
      return [];
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      return [{ event, notBefore: clock.now() + error.retryAfter * 1_000 }];
    }
  };
  const take = (): readonly Waiting[] => {
    const ready = queue.filter(({ notBefore }) => notBefore <= clock.now()).slice(0, AT_ONCE);
    const taken = new Set(ready);
    queue = queue.filter((one) => !taken.has(one));
    return ready;
  };
  /** Time passes, and what was held back is told. */
  const tick = async (life: Life, milliseconds: number): Promise<void> => {
    clock.move(milliseconds);
    await settle(life.handle(TICK), life.asking);
  };
  return {
    tick,
    left: () => queue.length,
    /** Handles a batch. Where it is not done after so many rounds, all of it will come again. */
    handleBatch: async (life: Life, rounds?: number): Promise<void> => {
      const ready = take();
      if (ready.length === 0) return tick(life, 5_000);
      const done = await settle(Promise.all(ready.map((one) => handle(life, one))), life.asking, rounds);
      if (done === undefined) forget();
      queue = [...queue, ...(done?.flat() ?? ready)];
    },
  };
};

const bySubject = (heard: readonly Heard[]): readonly (readonly Heard[])[] =>
  Object.values(Object.groupBy(heard, ({ subject }) => subject)).map((all = []) => all);

const openAtTheEnd = (heard: readonly Heard[]): readonly string[] =>
  bySubject(heard).flatMap((all) => (all.at(-1)?.status === 'firing' ? String(all[0]?.subject) : []));

const isSame = (a: Heard | undefined, b: Heard): boolean => a?.status === b.status && a.to === b.to;

const repetitions = (heard: readonly Heard[]): number =>
  bySubject(heard).reduce((sum, all) => sum + all.filter((one, at) => isSame(all[at - 1], one)).length, 0);

describe('a flood of changes', () => {
  it('ends with each alert told once, each that is resolved closed, and none missing', async () => {
    const dice = openDice(20_260_301);
    const stepped = openSteppedClock();
    const { clock } = stepped;
    const { events, open } = storyOf(SCANS, dice);
    expect(events).toHaveLength(CHANGES);
    const places = await Promise.all(EVERY_RECEIVER.map((one) => listen(one, clock, dice)));
    const receivers = places.map(({ receiver }) => receiver);
    const kept = await openSqliteAlertState({ path: join(folder, 'alerts.db') });
    const all = shuffled(Array.from({ length: REPEATED }, () => events).flat(), dice);
    const queue = openQueue(all, stepped);

    const first = openLife(kept, receivers, clock.now);
    while (queue.left() > all.length / 2) await queue.handleBatch(first);
    await queue.handleBatch(first, LIFE_OF_BATCH);
    const unknown = first.die();

    const second = openLife(kept, receivers, clock.now);
    while (queue.left() > 0) await queue.handleBatch(second);
    const isDue = async () => (await kept.due(clock.now() + 86_400_000, 1)).length > 0;
    while (await isDue()) await queue.tick(second, 600_000);
    kept.close();

    for (const { what, heard, hurried } of places) {
      // None is missing, and none is open without a reason.
      expect({ what, open: openAtTheEnd(heard).toSorted() }).toEqual({ what, open: [...open].toSorted() });
      // An end is told only of what has begun.
      expect(bySubject(heard).filter(([one]) => one?.status !== 'firing')).toEqual([]);
      // After its death nobody knows what became of the messages that were on their way: those alone may come twice.
      expect(repetitions(heard)).toBeLessThanOrEqual(unknown(what));
      expect({ what, hurried: hurried() }).toEqual({ what, hurried: 0 });
      expect(heard.length).toBeGreaterThan(open.size);
    }
  }, 300_000);
});
