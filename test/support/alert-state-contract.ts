/** What anything must do in which `alert` remembers; every implementation runs it. */
import { afterEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AlertState, RecordKey, RecordWrite } from '../../shared/alerts/state.ts';
import { alertStateModel } from './alert-state-model.ts';
import { increment, keyAt } from './alert-state-records.ts';

const NOW = Date.UTC(2025, 5, 10, 12);
const MINUTE = 60_000;
const DAY = 86_400_000;

interface StateUnderTest {
  /** Opens a state in which nothing is kept yet; what it gives opens the same once more, as another process would. */
  readonly fresh: () => Promise<() => Promise<AlertState>>;
  /** Whether it forgets by itself, and not when it is asked for what is due. */
  readonly forgetsByItself?: boolean;
  /** How often a property is tried. */
  readonly numRuns?: number;
}

const record = (key: RecordKey, more: Partial<RecordWrite> = {}): RecordWrite => ({
  key,
  value: '{}',
  keepUntil: NOW + DAY,
  ...more,
});

const written = async (state: AlertState, write: RecordWrite): Promise<string> => {
  const version = await state.put(write);
  if (version === undefined) throw new Error(`somebody else wrote ${write.key}`);
  return version;
};

/** Any text, also of what is no character, and of what JSON, HTTP or YAML might take for more than a text. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 2_000 }),
  fc.string({
    unit: fc.constantFrom('\u0000', '\ufeff', '\uffff', '\u2028', '\r\n', '"', '\\', '\ud800', '\udfff', '😀'),
  }),
);

const LARGEST = 256 * 1_024;
const largest = (unit: string): string => `"${unit.repeat((LARGEST - 2) / Buffer.byteLength(unit))}"`;

const keepsOneRecord = ({ fresh }: StateUnderTest): void => {
  it('gives back what was written, to everybody', async () => {
    const open = await fresh();
    const state = await open();
    expect(await state.get(keyAt(1))).toBeUndefined();
    const version = await written(state, record(keyAt(1), { value: '{"a":1}' }));
    for (const one of [state, await open()]) {
      expect(await one.get(keyAt(1))).toStrictEqual({ value: '{"a":1}', version });
      expect(await one.get(keyAt(2))).toBeUndefined();
    }
  });

  it('takes a new record once', async () => {
    const state = await (await fresh())();
    const version = await written(state, record(keyAt(1), { value: '1' }));
    expect(await state.put(record(keyAt(1), { value: '2' }))).toBeUndefined();
    expect(await state.get(keyAt(1))).toStrictEqual({ value: '1', version });
  });

  it('takes a record only from who read its newest version, which every write changes', async () => {
    const state = await (await fresh())();
    const first = await written(state, record(keyAt(1)));
    const second = await written(state, record(keyAt(1), { expected: first }));
    expect(second).not.toBe(first);
    expect(await state.put(record(keyAt(1), { expected: first, value: '3' }))).toBeUndefined();
    expect(await state.get(keyAt(1))).toStrictEqual({ value: '{}', version: second });
  });

  it('takes no new version of a record that is not there', async () => {
    const state = await (await fresh())();
    const expected = await written(state, record(keyAt(1)));
    expect(await state.put(record(keyAt(2), { expected }))).toBeUndefined();
    expect(await state.get(keyAt(2))).toBeUndefined();
  });
};

const keepsAnyValue = ({ fresh, numRuns = 100 }: StateUnderTest): void => {
  it('keeps every text as it is', async () => {
    const state = await (await fresh())();
    let at = 0;
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => {
        at += 1;
        const value = JSON.stringify({ [text]: text });
        await written(state, record(keyAt(at), { value }));
        expect((await state.get(keyAt(at)))?.value).toBe(value);
      }),
      { numRuns },
    );
  });

  it.each(['a', '😀', '\\', '"', '\u0001'])('keeps 256 KiB of %j', async (unit) => {
    const state = await (await fresh())();
    const value = largest(unit);
    const expected = await written(state, record(keyAt(1), { value: '0' }));
    await written(state, record(keyAt(1), { value, expected }));
    expect((await state.get(keyAt(1)))?.value).toBe(value);
  });

  it.each<readonly [what: string, wrong: Partial<RecordWrite>]>([
    ['a key of another kind', { key: `group-${'0'.repeat(64)}` }],
    ['a key that is too short', { key: 'scan-0' }],
    ['a key with more behind it', { key: `${keyAt(1)}/status` }],
    ['a key of two lines', { key: `${keyAt(1)}\n` }],
    ['more than 256 KiB', { value: `${largest('a')}a` }],
    ['half a character', { value: '"\ud83d"' }],
    ['no value', { value: '' }],
    ['a part of a millisecond', { dueAt: 0.5 }],
    ['no instant', { keepUntil: Number.NaN }],
    ['an instant that nobody lives to see', { keepUntil: 1e15 }],
  ])('refuses %s as a mistake of ours', async (_, wrong) => {
    const state = await (await fresh())();
    await expect(state.put(record(keyAt(1), wrong))).rejects.toThrow(RangeError);
    if (wrong.key !== undefined) await expect(state.get(wrong.key)).rejects.toThrow(RangeError);
    expect(await state.get(keyAt(1))).toBeUndefined();
  });
};

const tellsWhatIsDue = ({ fresh }: StateUnderTest): void => {
  it('tells what is due, the earliest first and no more than it is asked for', async () => {
    const state = await (await fresh())();
    const instants = [7, 2, 9, 4, 1, 8, 3, 6, 5, 0].map((minutes) => NOW + (minutes - 7) * MINUTE);
    for (const [at, dueAt] of instants.entries()) await written(state, record(keyAt(at), { dueAt }));
    await written(state, record(keyAt(100)));
    const [first, second, third] = [keyAt(9), keyAt(4), keyAt(1)];
    expect(await state.due(NOW, 3)).toEqual([first, second, third]);
    expect(await state.due(NOW, 100)).toEqual([9, 4, 1, 6, 3, 8, 7, 0].map(keyAt));
    expect(await state.due(NOW - 8 * MINUTE, 100)).toEqual([]);
    await expect(state.due(NOW, 0)).rejects.toThrow(RangeError);
  });

  it('tells it until it is written otherwise', async () => {
    const state = await (await fresh())();
    const expected = await written(state, record(keyAt(1), { dueAt: NOW }));
    expect(await state.due(NOW, 10)).toEqual([keyAt(1)]);
    expect(await state.due(NOW, 10)).toEqual([keyAt(1)]);
    const later = await written(state, record(keyAt(1), { expected, dueAt: NOW + MINUTE }));
    expect(await state.due(NOW, 10)).toEqual([]);
    expect(await state.due(NOW + MINUTE, 10)).toEqual([keyAt(1)]);
    await written(state, record(keyAt(1), { expected: later }));
    expect(await state.due(NOW + DAY, 10)).toEqual([]);
  });
};

const forgets = ({ fresh }: StateUnderTest): void => {
  it('forgets what may be forgotten, and neither what is kept nor what is due', async () => {
    const state = await (await fresh())();
    const past = NOW - 2 * DAY;
    for (let at = 0; at < 3; at += 1) await written(state, record(keyAt(at), { keepUntil: past }));
    await written(state, record(keyAt(3)));
    await written(state, record(keyAt(4), { keepUntil: past, dueAt: past }));
    await written(state, record(keyAt(5), { keepUntil: past, dueAt: NOW + DAY }));
    expect(await state.due(NOW, 10)).toEqual([keyAt(4)]);
    const left = await Promise.all([0, 1, 2, 3, 4, 5].map(async (at) => (await state.get(keyAt(at))) !== undefined));
    expect(left).toEqual([false, false, false, true, true, true]);
  });

  it('forgets no record that was written again to be kept', async () => {
    const state = await (await fresh())();
    const expected = await written(state, record(keyAt(1), { keepUntil: NOW - 2 * DAY }));
    await written(state, record(keyAt(1), { expected, value: '1' }));
    await state.due(NOW, 10);
    expect((await state.get(keyAt(1)))?.value).toBe('1');
  });

  it('does not take a record that was forgotten and came again for the one that it was', async () => {
    const state = await (await fresh())();
    const old = await written(state, record(keyAt(1), { keepUntil: NOW - 2 * DAY }));
    await state.due(NOW, 10);
    expect(await state.put(record(keyAt(1), { expected: old }))).toBeUndefined();
    expect(await written(state, record(keyAt(1), { value: '1' }))).not.toBe(old);
    expect(await state.put(record(keyAt(1), { expected: old }))).toBeUndefined();
    expect((await state.get(keyAt(1)))?.value).toBe('1');
  });
};

const WRITERS = 6;
const TIMES = 5;

const isShared = ({ fresh, numRuns = 100 }: StateUnderTest): void => {
  it('loses nothing of what many add at once', async () => {
    const open = await fresh();
    const states = await Promise.all(Array.from({ length: WRITERS }, open));
    const add = async (state: AlertState): Promise<void> => {
      for (let times = 0; times < TIMES; times += 1) await increment(state, keyAt(1));
    };
    await Promise.all(states.map(add));
    expect((await states[0]?.get(keyAt(1)))?.value).toBe(String(WRITERS * TIMES));
  });

  it('lets one of many begin a record', async () => {
    const open = await fresh();
    const states = await Promise.all(Array.from({ length: WRITERS }, open));
    const versions = await Promise.all(states.map((state, at) => state.put(record(keyAt(1), { value: String(at) }))));
    const [winner, ...others] = versions.flatMap((version, at) => (version === undefined ? [] : [at]));
    expect(others).toEqual([]);
    expect((await states[0]?.get(keyAt(1)))?.value).toBe(String(winner));
  });

  it('does with any writes of two what a map would', async () => {
    const step = fc.record({
      by: fc.constantFrom(0, 1),
      key: fc.integer({ min: 0, max: 2 }),
      /** Whether the version is the one that was read last, or the one before it. */
      isStale: fc.boolean(),
      due: fc.option(fc.integer({ min: -2, max: 2 }), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const open = await fresh();
        const states = await Promise.all([open(), open()]);
        const model = alertStateModel();
        for (const [at, { by, key, isStale, due }] of steps.entries()) {
          const state = states[by] as AlertState;
          const more = { value: String(at), ...(due !== undefined && { dueAt: NOW + due * MINUTE + at }) };
          const version = await state.put(record(keyAt(key), { ...more, ...model.expected(keyAt(key), isStale) }));
          expect(version !== undefined).toBe(model.takes(keyAt(key), isStale));
          if (version !== undefined) model.took(record(keyAt(key), more), version);
        }
        for (const [key, kept] of model.records()) expect(await states[0].get(key)).toEqual(kept);
        expect(await states[1].due(NOW, 2)).toEqual(model.due(NOW).slice(0, 2));
      }),
      { numRuns },
    );
  });
};

/** Declares the tests of the contract. */
export const alertStateContract = ({ fresh, ...more }: StateUnderTest): void => {
  const opened: AlertState[] = [];
  afterEach(() => {
    for (const state of opened.splice(0)) state.close();
  });
  const freshAndClosed = async () => {
    const open = await fresh();
    return async () => {
      const state = await open();
      opened.push(state);
      return state;
    };
  };
  const state = { ...more, fresh: freshAndClosed };
  keepsOneRecord(state);
  keepsAnyValue(state);
  tellsWhatIsDue(state);
  if (!more.forgetsByItself) forgets(state);
  isShared(state);
};
