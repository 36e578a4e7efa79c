/** Many scans of one namespace at the same moment, at several processes: all of them write the same alert of a group. */
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { memoryAlertState } from '../../shared/alerts/state/memory.ts';
import type { AlertState } from '../../shared/alerts/state.ts';
import { failed } from '../support/alert-changes.ts';
import { type AlertWorld, alertWorld, ruleWith } from '../support/alert-world.ts';

const SCANS = 120;
const PROCESSES = 4;

/** As far away as an API server is. */
const distant = (kept: AlertState): AlertState => {
  const late = async <T>(work: () => Promise<T>): Promise<T> => {
    await delay(2);
    const done = await work();
    await delay(2);
    return done;
  };
  return {
    get: (key) => late(() => kept.get(key)),
    put: (write) => late(() => kept.put(write)),
    due: (now, most) => late(() => kept.due(now, most)),
    close: kept.close,
  };
};

/** Hands each event to one of the processes, and gives back those that have to come again. */
const sendAll = async (worlds: readonly AlertWorld[], scans: readonly number[]): Promise<readonly number[]> => {
  const work = scans.map(async (at) => {
    const sent = worlds[at % worlds.length]?.send(failed({ scan: `scan-${at}`, run: 0 }));
    const error = await sent?.then(() => undefined, String);
    return error === undefined ? [] : [at];
  });
  return (await Promise.all(work)).flat();
};

describe('a crowd of scans that fail at once', () => {
  it('is an alert of a group that knows all of them, and hardly any of their events has to come again', async () => {
    const rules = [ruleWith({ group: { wait: 0, every: 60_000 } })];
    const state = distant(memoryAlertState());
    let now = Date.UTC(2026, 2, 1, 12);
    const worlds = Array.from({ length: PROCESSES }, () => alertWorld({ rules, state, now: () => now }));
    const scans = Array.from({ length: SCANS }, (_, at) => at);
    const again = await sendAll(worlds, scans);
    expect(again.length).toBeLessThan(SCANS / 10);
    now += 60_000;
    expect(await sendAll(worlds, again)).toEqual([]);
    now += 60_000;
    await worlds[0]?.tick();
    const told = worlds.flatMap((world) => world.told.map(({ alert }) => alert.group?.scans ?? 0));
    expect(Math.max(...told)).toBe(SCANS);
    expect(told.length).toBeLessThanOrEqual(3);
  });
});
