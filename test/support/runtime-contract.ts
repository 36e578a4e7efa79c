/** The answers that every runtime gives: cases, and a runtime that is held to them, whatever brings its events. */
import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { CASES, type Case, type Outcome, type World } from './runtime-contract-cases.ts';

/** How a source hears what became of an event: by a status, by the names of failed messages, or by an error. */
export type Family = 'http' | 'queue' | 'pushed';

/** What a source heard. */
export interface Answered {
  /** Of HTTP the status; of a queue `done` or `failed`; of what is pushed `done` or `thrown`. */
  readonly answer: string;
  /** Of a queue: whether the message is hidden for a while; absent where that cannot be seen. */
  readonly isHidden?: boolean;
}

/** One runtime in one world; its functions share a store. */
interface RuntimeUnderTest {
  /** Delivers an event to a function by its name. */
  readonly deliver: (event: JsonObject, to: string) => Promise<Answered>;
  /** What each scan says, by `NAMESPACE/KIND/NAME`. */
  readonly statuses: () => Promise<Readonly<Record<string, JsonObject>>>;
}

export interface Runtime {
  readonly name: string;
  readonly family: Family;
  /** The worlds that it can be put into. */
  readonly worlds: readonly World[];
  /** Opens it anew, with nothing in its store. */
  readonly open: (world: World) => Promise<RuntimeUnderTest>;
}

/** What the sources without HTTP hear of each outcome (design: Answers). */
const HEARD: Readonly<Record<Outcome, { readonly queue: Answered; readonly pushed: Answered }>> = {
  refused: { queue: { answer: 'failed', isHidden: false }, pushed: { answer: 'thrown' } },
  rejected: { queue: { answer: 'failed', isHidden: false }, pushed: { answer: 'thrown' } },
  unavailable: { queue: { answer: 'failed', isHidden: true }, pushed: { answer: 'thrown' } },
  ignored: { queue: { answer: 'done', isHidden: false }, pushed: { answer: 'done' } },
  superseded: { queue: { answer: 'done', isHidden: false }, pushed: { answer: 'done' } },
  duplicate: { queue: { answer: 'done', isHidden: false }, pushed: { answer: 'done' } },
  applied: { queue: { answer: 'done', isHidden: false }, pushed: { answer: 'done' } },
};

const expectedAnswer = (family: Family, { outcome, http }: Case): Answered =>
  family === 'http' ? { answer: String(http) } : HEARD[outcome][family];

const holds = async (runtime: RuntimeUnderTest, family: Family, one: Case): Promise<void> => {
  for (const { event, to } of one.after ?? []) await runtime.deliver(event, to);
  const before = await runtime.statuses();
  // What cannot be seen is not expected.
  expect(expectedAnswer(family, one)).toMatchObject(await runtime.deliver(one.event, one.to));
  const after = await runtime.statuses();
  if (one.leaves === undefined) expect(after).toEqual(before);
  else expect(after).toMatchObject({ 'team-a/ImageScan/image': one.leaves });
};

/** Describes the contract, held against a runtime. */
export const describeContract = ({ name, family, worlds, open }: Runtime): void => {
  const cases = CASES.filter(({ world = 'usual' }) => worlds.includes(world));
  describe(`${name} answers`, () => {
    it.each(cases.map((one) => [one.what, one.outcome, one] as const))('%s: %s', async (_, __, one) => {
      await holds(await open(one.world ?? 'usual'), family, one);
    });
  });
};
