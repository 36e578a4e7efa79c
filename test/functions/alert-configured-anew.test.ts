/** A configuration that changes while alerts are open: what was opened is closed, and nobody waits for who is gone. */
import { describe, expect, it } from '@jest/globals';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { failed, passed } from '../support/alert-changes.ts';
import { alertWorld, ruleWith } from '../support/alert-world.ts';
import { errorOf } from '../support/error-of.ts';

const GROUP = { wait: 1_000, every: 300_000 };

describe('an alert whose rule', () => {
  it.each([
    ['has another name now', [ruleWith({ name: 'other' })]],
    ['is gone', []],
    ['groups now', [ruleWith({ group: GROUP })]],
  ])('%s is closed when its reason is gone', async (_, rules) => {
    const before = alertWorld({ rules: [ruleWith({})] });
    await before.send(failed({ run: 0 }));
    const after = alertWorld({ rules, state: before.state });
    await after.send(passed({ run: 10 }));
    expect(after.lines()).toEqual(['team: resolved cart PolicySucceeded True']);
  });

  it.each([
    ['has another name now', [ruleWith({ name: 'other', group: GROUP })]],
    ['is gone', []],
    ['no longer groups', [ruleWith({})]],
  ])('%s is closed though it was of a group', async (_, rules) => {
    const before = alertWorld({ rules: [ruleWith({ group: GROUP })] });
    for (const scan of ['a', 'b']) await before.send(failed({ scan, run: 0 }));
    before.pass(1);
    await before.tick();
    expect(before.lines()).toEqual(['team: firing 2 of shop PolicySucceeded False']);
    const after = alertWorld({ rules, state: before.state });
    after.pass(1);
    for (const scan of ['a', 'b']) await after.send(passed({ scan, run: 10 }));
    after.pass(20);
    await after.tick();
    expect(after.lines().at(-1)).toBe('team: resolved 1 of shop PolicySucceeded True');
  });
});

describe('what was held back by a rule that is gone', () => {
  it('is not due any more', async () => {
    const before = alertWorld({ rules: [ruleWith({ group: GROUP })] });
    await before.send(failed({ run: 0 }));
    const after = alertWorld({ rules: [], state: before.state });
    after.pass(1);
    await after.tick();
    expect(await before.state.due(before.now() + 86_400_000, 1)).toEqual([]);
  });
});

describe('a receiver that is no longer configured', () => {
  const down = () => {
    throw new Unavailable('down');
  };

  it('keeps nobody else from being told, however much it was not told', async () => {
    const before = alertWorld({ receivers: ['gone'], trouble: down });
    for (let at = 0; at < 150; at += 1) await errorOf(before.send(failed({ scan: `scan-${at}`, run: 0 })));
    let isDown = true;
    const trouble = () => {
      if (isDown) down();
    };
    const after = alertWorld({ receivers: ['team'], state: before.state, trouble, now: before.now });
    before.pass(1);
    await errorOf(after.send(failed({ run: 0 })));
    isDown = false;
    before.pass(1);
    for (let ticks = 0; ticks < 3; ticks += 1) await after.tick();
    expect(after.lines()).toEqual(['team: firing cart PolicySucceeded False']);
  });

  it('is looked after for a while, in case it comes back, and then forgotten', async () => {
    const first = alertWorld({ receivers: ['team'], trouble: down });
    await errorOf(first.send(failed({ run: 0 })));
    const without = alertWorld({ receivers: ['other'], state: first.state, now: first.now });
    first.pass(1);
    await without.tick();
    first.pass(61);
    const back = alertWorld({ receivers: ['team'], state: first.state, now: first.now });
    await back.tick();
    expect(back.lines()).toEqual(['team: firing cart PolicySucceeded False']);
  });

  it('is not looked after for ever', async () => {
    const first = alertWorld({ receivers: ['team'], trouble: down });
    await errorOf(first.send(failed({ run: 0 })));
    const without = alertWorld({ receivers: ['other'], state: first.state, now: first.now });
    first.pass(8 * 24 * 60);
    await without.tick();
    expect(await first.state.due(first.now() + 86_400_000, 10)).toEqual([]);
  });
});

describe('a rule of new vulnerabilities above a rule of all', () => {
  it('is not said to be over while what it told of is still there', async () => {
    const when = { condition: 'PolicySucceeded', to: ['False'], severity: 'HIGH' } as const;
    const rules = [ruleWith({ name: 'new', when, onlyNew: true }), ruleWith({ name: 'all', group: GROUP })];
    const world = alertWorld({ rules });
    await world.send(failed({ run: 0 }));
    await world.send(failed({ run: 10 }));
    world.pass(20);
    await world.tick();
    expect(world.lines()).toEqual(['team: firing cart PolicySucceeded False']);
    await world.send(passed({ run: 20 }));
    expect(world.lines().slice(1)).toEqual(['team: resolved cart PolicySucceeded True']);
  });
});
