/** A scan that was deleted and made anew under its name is another scan: what the first was reason for is over. */
import { describe, expect, it } from '@jest/globals';
import { crashed, failed, passed, started } from '../support/alert-changes.ts';
import { alertWorld, ruleWith } from '../support/alert-world.ts';

describe('a scan that was recreated', () => {
  it('closes what the scan before it was reason for', async () => {
    const { send, told, lines } = alertWorld();
    await send(failed({ run: 0 }));
    await send(crashed({ run: 0 }));
    await send(started({ life: 1, run: 10 }));
    expect(lines().slice(2).toSorted()).toEqual([
      'team: resolved cart PolicySucceeded gone',
      'team: resolved cart Succeeded gone',
    ]);
    expect(told[2]?.alert).toMatchObject({
      title: 'Scan was recreated',
      reason: 'ScanRecreated',
      vulnerabilities: [],
      more: 0,
    });
  });

  it('is not judged by what is still told of the one before it', async () => {
    const { send, lines } = alertWorld();
    await send(passed({ life: 1, run: 10 }));
    await send(failed({ run: 0 }));
    expect(lines()).toEqual([]);
    await send(failed({ life: 1, run: 20 }));
    await send(passed({ run: 5 }));
    expect(lines()).toEqual(['team: firing cart PolicySucceeded False']);
  });

  it('that fails as well is an alert of its own', async () => {
    const { send, told, lines } = alertWorld();
    await send(failed({ run: 0 }));
    await send(failed({ life: 1, run: 10 }));
    await send(failed({ life: 1, run: 10 }));
    expect(lines().toSorted()).toEqual([
      'team: firing cart PolicySucceeded False',
      'team: firing cart PolicySucceeded False',
      'team: resolved cart PolicySucceeded gone',
    ]);
    expect(new Set(told.map(({ alert: { key } }) => key)).size).toBe(2);
  });

  it('leaves the group of its namespace', async () => {
    const world = alertWorld({ rules: [ruleWith({ group: { wait: 60_000, every: 60_000 } })] });
    await world.send(failed({ run: 0 }));
    world.pass(1);
    await world.tick();
    await world.send(started({ life: 1, run: 10 }));
    expect(world.told.map(({ alert: { status } }) => status)).toEqual(['firing', 'resolved']);
  });
});
