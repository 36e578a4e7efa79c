/** A receiver that keeps what fires in memory alone is told of it again, of which people hear nothing. */
import { describe, expect, it } from '@jest/globals';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { failed, passed } from '../support/alert-changes.ts';
import { alertWorld, ruleWith } from '../support/alert-world.ts';

const TEN = 10;
const FIRING = 'team: firing cart PolicySucceeded False';

const world = (more = {}) => alertWorld({ renewEvery: TEN * 60_000, ...more });

describe('an alert at a receiver that may forget it', () => {
  it('is told again every few minutes, and no more once it is over', async () => {
    const { send, tick, pass, lines, counted } = world();
    await send(failed({ run: 0 }));
    for (let minutes = 0; minutes < 90; minutes += 1) {
      pass(1);
      await tick();
    }
    expect(lines()).toEqual(Array.from({ length: 10 }, () => FIRING));
    expect(counted.sent).toEqual(['team']);
    await send(passed({ run: 10 }));
    for (let hours = 0; hours < 3; hours += 1) {
      pass(60);
      await tick();
    }
    expect(lines().slice(10)).toEqual(['team: resolved cart PolicySucceeded True']);
  });

  it('leaves room for what is news, and is told at night', async () => {
    const quiet = { from: 0, to: 23 * 60, timeZone: 'UTC', except: [] } as const;
    const day = world();
    await day.send(failed({ run: 0 }));
    const night = world({ rules: [ruleWith({ quiet })], state: day.state, now: day.now });
    for (let at = 0; at < 8; at += 1) {
      day.pass(TEN);
      await night.tick();
    }
    expect(night.lines()).toHaveLength(8);
    await day.send(passed({ run: 10 }));
    expect(day.lines()).toEqual([FIRING, 'team: resolved cart PolicySucceeded True']);
  });

  it('is no longer told again when nothing was heard of its scan for a month', async () => {
    const { send, tick, pass, lines, state, now } = world();
    await send(failed({ run: 0 }));
    pass(31 * 24 * 60);
    await tick();
    expect(lines()).toEqual([FIRING]);
    pass(TEN);
    await tick();
    expect(lines()).toEqual([FIRING]);
    expect(await state.due(now() + 86_400_000, 1)).toEqual([]);
  });

  it('that is not there leaves no event to come again, and is counted', async () => {
    let isDown = false;
    const { send, tick, pass, counted, lines } = world({
      trouble: () => {
        if (isDown) throw new Unavailable('down');
      },
    });
    await send(failed({ run: 0 }));
    isDown = true;
    pass(TEN);
    await tick();
    expect(counted.failed).toEqual(['team']);
    expect(await send(failed({ run: 0 }))).toMatchObject({ outcome: 'duplicate' });
    isDown = false;
    pass(1);
    await tick();
    expect(lines()).toEqual([FIRING, FIRING]);
  });
});
