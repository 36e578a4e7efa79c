/** What people are told of, and when: by what happened to a scan, not by how its events came. */
import { describe, expect, it } from '@jest/globals';
import { Undeliverable } from '../../shared/alerts/alert.ts';
import { defaultTexts } from '../../shared/alerts/default-texts.ts';
import { Rejected } from '../../shared/events/rejected.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { completed, crashed, deleted, failed, minute, passed, started, unjudged } from '../support/alert-changes.ts';
import { alertWorld, ruleWith } from '../support/alert-world.ts';
import { errorOf } from '../support/error-of.ts';

describe('with the rules that need no file', () => {
  it('a policy that failed, a scan that failed and a policy that could not be evaluated are told, and nothing else', async () => {
    const { send, lines } = alertWorld();
    const all = [started, completed, passed, crashed, unjudged, failed].map((of, at) =>
      of({ scan: `scan-${at}`, run: 0 }),
    );
    for (const event of all) await send(event);
    expect(lines()).toEqual([
      'team: firing scan-3 Succeeded False',
      'team: firing scan-4 PolicySucceeded Unknown',
      'team: firing scan-5 PolicySucceeded False',
    ]);
  });

  it('a scan that has recovered is told, to those who were told that it failed', async () => {
    const { send, lines, told } = alertWorld();
    await send(failed({ run: 0 }));
    await send(started({ run: 10 }));
    await send(passed({ run: 10 }));
    expect(lines()).toEqual(['team: firing cart PolicySucceeded False', 'team: resolved cart PolicySucceeded True']);
    expect(told[1]).toMatchObject({ before: { number: '1' }, alert: { since: told[0]?.alert.at } });
  });

  it('the same event twice is one alert, and says so', async () => {
    const { send, lines } = alertWorld();
    expect(await send(failed({ run: 0 }))).toMatchObject({ outcome: 'applied', why: 'team: told' });
    expect(await send(failed({ run: 0 }))).toMatchObject({ outcome: 'duplicate' });
    expect(lines()).toHaveLength(1);
  });

  it('what goes on failing is not told again', async () => {
    const { send, lines } = alertWorld();
    for (const run of [0, 10, 20]) await send(failed({ run }));
    expect(lines()).toEqual(['team: firing cart PolicySucceeded False']);
  });

  it('a failure that becomes another is told as a change of the same alert', async () => {
    const { send, told, lines } = alertWorld();
    await send(failed({ run: 0 }));
    await send(unjudged({ run: 10 }));
    expect(lines()).toEqual(['team: firing cart PolicySucceeded False', 'team: firing cart PolicySucceeded Unknown']);
    expect(told[1]?.alert.key).toBe(told[0]?.alert.key);
    expect(told[1]?.before).toEqual({ number: '1' });
  });

  it('a late failure of an older run opens nothing, and a late success closes nothing', async () => {
    const { send, lines } = alertWorld();
    await send(started({ run: 10 }));
    await send(failed({ run: 0 }));
    expect(lines()).toEqual([]);
    await send(failed({ run: 10 }));
    await send(passed({ run: 0, after: 60 }));
    expect(lines()).toEqual(['team: firing cart PolicySucceeded False']);
  });

  it('a run that was overtaken changes nothing of what is told of the one before it', async () => {
    const world = alertWorld({
      trouble: () => {
        if (world.counted.failed.length === 0) throw new Unavailable('no');
      },
    });
    await errorOf(world.send(failed({ run: 0 })));
    await world.send(started({ run: 20 }));
    world.pass(1);
    await world.send(unjudged({ run: 10 }));
    expect(world.lines()).toEqual(['team: firing cart PolicySucceeded False']);
  });

  it('a scan that is being scanned anew is still failed', async () => {
    const { send, lines } = alertWorld();
    await send(crashed({ run: 0 }));
    await send(started({ run: 10 }));
    expect(lines()).toEqual(['team: firing cart Succeeded False']);
  });

  it('a Job that is known to have been deleted is no failure once its real end is told', async () => {
    const { send, lines } = alertWorld();
    await send(deleted({ run: 0 }));
    await send(completed({ run: 0 }));
    await send(deleted({ run: 0 }));
    expect(lines()).toEqual(['team: firing cart Succeeded False', 'team: resolved cart Succeeded True']);
  });

  it('a Job that was deleted after its end is no failure, though its end is told later', async () => {
    const { send, lines } = alertWorld();
    await send(deleted({ run: 0, after: 5 }));
    await send(completed({ run: 0, after: 3 }));
    expect(lines()).toEqual(['team: firing cart Succeeded False', 'team: resolved cart Succeeded True']);
  });

  it('a run that turns out to be older than it seemed still ends what it began', async () => {
    const { send, lines } = alertWorld();
    const event = deleted({ run: 5, after: 0 });
    await send({ ...event, data: { ...event.data, run: { uid: 'run-0', age: minute(5) } } });
    await send(started({ run: 0 }));
    await send(completed({ run: 0, after: 3 }));
    expect(lines()).toEqual(['team: firing cart Succeeded False', 'team: resolved cart Succeeded True']);
  });

  it('a verdict that another policy gave on the same report is told, though both are of one instant', async () => {
    const { send, lines } = alertWorld();
    for (const event of [failed({ run: 0 }), passed({ run: 10 }), failed({ run: 10 })]) await send(event);
    expect(lines()).toEqual([
      'team: firing cart PolicySucceeded False',
      'team: resolved cart PolicySucceeded True',
      'team: firing cart PolicySucceeded False',
    ]);
  });

  it('conditions are alerts of their own, whose keys are made of identity alone', async () => {
    const { send, told } = alertWorld();
    await send(crashed({ run: 0 }));
    await send(failed({ run: 10 }, ['CVE-1']));
    await send(passed({ run: 20 }));
    await send(failed({ run: 30 }, ['CVE-2', 'CVE-3']));
    const keys = told.map(({ alert: { key } }) => key);
    expect(new Set(keys).size).toBe(2);
    expect(keys[1]).toBe(keys[3]);
  });

  it('people read what was scanned, the worst vulnerabilities, how many more, and where to look', async () => {
    const { send, told } = alertWorld();
    const ids = Array.from({ length: 30 }, (_, at) => `CVE-2026-${at}`);
    await send(failed({ run: 0 }, ids));
    expect(told[0]?.alert).toMatchObject({
      cluster: 'prod-eu',
      artifact: 'registry.example/shop/cart:1',
      reason: 'EvaluationFailed',
      more: 20,
      command: 'kubectl describe imagescan -n shop cart',
      since: '2026-03-01T08:01:00Z',
    });
    expect(told[0]?.alert.vulnerabilities).toHaveLength(10);
    expect(told[0]?.alert.vulnerabilities[0]).toEqual({
      id: 'CVE-2026-0',
      severity: 'HIGH',
      component: 'openssl 3.0.1',
      fixedIn: '3.0.2',
    });
  });
});

describe('a rule', () => {
  it('per run tells each run that fails', async () => {
    const { send, lines } = alertWorld({ rules: [ruleWith({ once: 'per-run' })] });
    for (const run of [0, 10, 10, 20]) await send(failed({ run }));
    expect(lines()).toHaveLength(3);
  });

  it('per scan tells its first failure, its end, and nothing after it', async () => {
    const { send, lines } = alertWorld({ rules: [ruleWith({ once: 'per-scan' })] });
    for (const [at, of] of [failed, passed, failed, passed].entries()) await send(of({ run: at * 10 }));
    expect(lines()).toEqual(['team: firing cart PolicySucceeded False', 'team: resolved cart PolicySucceeded True']);
  });

  it('of new vulnerabilities alone keeps quiet about a known backlog', async () => {
    const { send, told, lines } = alertWorld({ rules: [ruleWith({ onlyNew: true })] });
    const backlog = Array.from({ length: 100 }, (_, at) => `CVE-2020-${at}`);
    await send(failed({ run: 0 }, backlog));
    await send(failed({ run: 10 }, backlog));
    expect(lines()).toHaveLength(1);
    await send(failed({ run: 30 }, ['CVE-2026-9', ...backlog]));
    expect(told[1]?.alert).toMatchObject({ vulnerabilities: [{ id: 'CVE-2026-9' }], more: 0 });
    await send(failed({ run: 40 }, ['CVE-2026-9', ...backlog]));
    expect(lines()).toHaveLength(2);
  });

  it('of new vulnerabilities alone opens nothing for those that a run before had, though it could not be judged since', async () => {
    const { send, lines } = alertWorld({ rules: [ruleWith({ onlyNew: true })] });
    await send(failed({ run: 0 }));
    await send(unjudged({ run: 10 }));
    await send(failed({ run: 20 }));
    expect(lines()).toEqual(['team: firing cart PolicySucceeded False', 'team: resolved cart PolicySucceeded Unknown']);
  });

  it('of new vulnerabilities that are severe looks at the new ones alone', async () => {
    const when = { condition: 'PolicySucceeded', to: ['False'], count: 2 } as const;
    const { send, lines } = alertWorld({ rules: [ruleWith({ onlyNew: true, when })] });
    await send(failed({ run: 0 }, ['A', 'B']));
    await send(passed({ run: 5 }));
    await send(failed({ run: 10 }, ['A']));
    await send(failed({ run: 20 }, ['A', 'B']));
    expect(lines()).toEqual(['team: firing cart PolicySucceeded False', 'team: resolved cart PolicySucceeded True']);
    await send(failed({ run: 30 }, ['A', 'B', 'C', 'D']));
    expect(lines().at(-1)).toBe('team: firing cart PolicySucceeded False');
  });

  it('of a transition goes on until the condition changes back', async () => {
    const when = { condition: 'PolicySucceeded', to: ['False'], from: ['True'] } as const;
    const { send, lines } = alertWorld({ rules: [ruleWith({ when })] });
    await send(failed({ run: 0 }));
    expect(lines()).toEqual([]);
    for (const [at, of] of [passed, failed, failed, passed].entries()) await send(of({ run: 10 + at * 10 }));
    expect(lines()).toEqual(['team: firing cart PolicySucceeded False', 'team: resolved cart PolicySucceeded True']);
  });

  it('that means what has become worse tells it, though the condition is what it was', async () => {
    const when = { condition: 'PolicySucceeded', to: ['False'] } as const;
    const rules = [
      ruleWith({ name: 'many', when: { ...when, count: 2 }, severity: 'critical' }),
      ruleWith({ name: 'any', when }),
    ];
    const { send, told } = alertWorld({ rules });
    for (const [at, ids] of [['A'], ['A', 'B'], ['A', 'B', 'C'], ['A']].entries())
      await send(failed({ run: at * 10 }, ids));
    await send(passed({ run: 50 }));
    expect(told.map(({ alert: { rule, severity, status } }) => `${rule} ${severity} ${status}`)).toEqual([
      'any error firing',
      'many critical firing',
      'any error firing',
      'any error resolved',
    ]);
    expect(new Set(told.map(({ alert: { key } }) => key)).size).toBe(1);
  });

  it('that names another receiver tells that one', async () => {
    const rules = [
      ruleWith({
        name: 'ours',
        when: { condition: 'PolicySucceeded', to: ['False'], namespaces: ['shop'] },
        receivers: ['shop'],
      }),
      ruleWith({ name: 'all', receivers: ['shop', 'ops'] }),
    ];
    const { send, told } = alertWorld({ receivers: ['shop', 'ops'], rules });
    await send(failed({ run: 0 }));
    expect(told.map(({ receiver, alert: { rule } }) => [receiver, rule])).toEqual([
      ['shop', 'ours'],
      ['ops', 'all'],
    ]);
  });
});

describe('a receiver', () => {
  it('that cannot be told now leaves the event to its source, and repeats nobody else’s success', async () => {
    let isDown = true;
    const trouble = ({ receiver }: { readonly receiver: string }) => {
      if (receiver === 'ops' && isDown) throw new Unavailable('ops: answered 503', { retryAfter: 40 });
    };
    const world = alertWorld({ receivers: ['team', 'ops'], trouble });
    const error = await errorOf(world.send(failed({ run: 0 })));
    expect(error).toBeInstanceOf(Unavailable);
    expect(error).toMatchObject({ message: 'ops: answered 503', retryAfter: 40 });
    expect(world.counted).toEqual({ sent: ['team'], failed: ['ops'] });
    isDown = false;
    expect(await errorOf(world.send(failed({ run: 0 })))).toBeInstanceOf(Unavailable);
    world.pass(1);
    await world.send(failed({ run: 0 }));
    expect(world.lines()).toEqual([
      'team: firing cart PolicySucceeded False',
      'ops: firing cart PolicySucceeded False',
    ]);
  });

  it('that could not be told is told by the next tick as well', async () => {
    let isDown = true;
    const world = alertWorld({
      trouble: () => {
        if (isDown) throw new Unavailable('no');
      },
    });
    await errorOf(world.send(failed({ run: 0 })));
    isDown = false;
    await world.tick();
    expect(world.lines()).toEqual([]);
    world.pass(1);
    await world.tick();
    await world.tick();
    expect(world.lines()).toHaveLength(1);
  });

  it('that could not be told before all was well again is not told of it', async () => {
    let isDown = true;
    const world = alertWorld({
      trouble: () => {
        if (isDown) throw new Unavailable('no');
      },
    });
    await errorOf(world.send(failed({ run: 0 })));
    isDown = false;
    await world.send(passed({ run: 10 }));
    world.pass(30);
    await world.tick();
    expect(world.lines()).toEqual([]);
  });

  it('that will never take it sends the event to the dead letters, is not asked at once again, and takes it when it is mended', async () => {
    let asked = 0;
    const world = alertWorld({
      trouble: () => {
        asked += 1;
        if (asked === 1) throw new Undeliverable('team', 'answered 404 channel_not_found');
      },
    });
    const error = await errorOf(world.send(failed({ run: 0 })));
    expect(error).toBeInstanceOf(Rejected);
    expect(error.message).toBe('alert: team: answered 404 channel_not_found');
    expect(await errorOf(world.send(failed({ run: 0 })))).toBeInstanceOf(Rejected);
    expect(asked).toBe(1);
    expect(world.counted.failed).toEqual(['team']);
    world.pass(11);
    await world.send(failed({ run: 0 }));
    expect(world.lines()).toHaveLength(1);
  });

  it('that fails by a mistake of ours is counted, and is told of again', async () => {
    let asked = 0;
    const world = alertWorld({
      trouble: () => {
        asked += 1;
        if (asked === 1) throw new TypeError('a mistake');
      },
    });
    expect(await errorOf(world.send(failed({ run: 0 })))).toBeInstanceOf(TypeError);
    expect(world.counted.failed).toEqual(['team']);
    world.pass(2);
    expect(await world.tick()).toMatchObject({ why: 'shop/ImageScan/cart PolicySucceeded: team: told' });
    expect(world.lines()).toHaveLength(1);
  });

  it('that cannot be told is named by a tick, a few times', async () => {
    const world = alertWorld({
      trouble: () => {
        throw new Unavailable('down');
      },
    });
    for (let at = 0; at < 30; at += 1) await errorOf(world.send(failed({ scan: `scan-${at}`, run: 0 })));
    world.pass(1);
    const { why = '' } = (await world.tick()) as { readonly why?: string };
    expect(why).toMatch(
      /^(?:shop\/ImageScan\/scan-\d+ PolicySucceeded: down, tried again at 2026-03-01T12:01:10Z; ){10}and 20 more$/,
    );
  });

  it.each([
    ['is never there', () => new Unavailable('down')],
    ['never takes it', () => new Undeliverable('team', 'answered 404')],
  ])('that %s is tried for a week, and again when something happens', async (_, error) => {
    let isGone = true;
    const world = alertWorld({
      trouble: () => {
        if (isGone) throw error();
      },
    });
    await errorOf(world.send(failed({ run: 0 })));
    const isDue = async () => (await world.state.due(world.now() + 86_400_000, 1)).length > 0;
    for (let days = 0; days < 9; days += 1) {
      world.pass(24 * 60);
      await world.tick();
      expect(await isDue()).toBe(days < 7);
    }
    isGone = false;
    await world.send(failed({ run: 10 }));
    expect(world.lines()).toEqual(['team: firing cart PolicySucceeded False']);
  });

  it('waits longer each time that it fails', async () => {
    const world = alertWorld({
      trouble: () => {
        throw new Unavailable('down', { retryAfter: 1 });
      },
    });
    const waits: unknown[] = [];
    for (let at = 0; at < 5; at += 1) {
      const error = await errorOf(world.send(failed({ run: 0 })));
      waits.push((error as Unavailable).retryAfter);
      world.pass(20);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80]);
  });
});

describe('what is replayed', () => {
  const replayed = (of: { readonly run: number }) => failed({ ...of, extensions: { scanreplay: 'repair-1' } });

  it('alerts nobody and does not count as seen', async () => {
    const { send, lines } = alertWorld();
    expect(await send(replayed({ run: 0 }))).toMatchObject({
      outcome: 'ignored',
      why: 'what is replayed alerts nobody',
    });
    expect(lines()).toEqual([]);
    await send(failed({ run: 0 }));
    expect(lines()).toHaveLength(1);
  });

  it('alerts where that is asked for', async () => {
    const { send, lines } = alertWorld({ replays: 'alert' });
    await send(replayed({ run: 0 }));
    expect(lines()).toHaveLength(1);
  });
});

describe('quiet hours', () => {
  // 12:00 UTC is the world's noon; quiet from 11:00 to 14:00.
  const quiet = { from: 11 * 60, to: 14 * 60, timeZone: 'UTC', except: ['critical'] } as const;

  it('hold back what is told once they end, if it still is so', async () => {
    const world = alertWorld({ rules: [ruleWith({ quiet })] });
    expect(await world.send(failed({ run: 0 }))).toMatchObject({ why: 'team: held back until 2026-03-01T14:00:00Z' });
    await world.send(failed({ scan: 'other', run: 0 }));
    await world.send(passed({ scan: 'other', run: 10 }));
    world.pass(119);
    await world.tick();
    expect(world.lines()).toEqual([]);
    world.pass(1);
    await world.tick();
    await world.tick();
    expect(world.lines()).toEqual(['team: firing cart PolicySucceeded False']);
  });

  it('are over for all that was held back at once, however much it is', async () => {
    const world = alertWorld({ rules: [ruleWith({ quiet })] });
    for (let at = 0; at < 250; at += 1) await world.send(failed({ scan: `scan-${at}`, run: 0 }));
    world.pass(120);
    await world.tick();
    expect(world.lines()).toHaveLength(250);
  });

  it('do not hold back what gets people out of bed', async () => {
    const world = alertWorld({ rules: [ruleWith({ quiet, severity: 'critical' })] });
    await world.send(failed({ run: 0 }));
    expect(world.lines()).toHaveLength(1);
  });
});

describe('a group', () => {
  const rules = [ruleWith({ group: { wait: 60_000, every: 300_000 } })];

  it('makes one alert of many scans of a namespace that fail in a minute', async () => {
    const world = alertWorld({ rules });
    for (let at = 0; at < 40; at += 1) await world.send(failed({ scan: `scan-${at}`, run: 0 }));
    await world.send(failed({ namespace: 'search', run: 0 }));
    expect(world.lines()).toEqual([]);
    world.pass(1);
    await world.tick();
    expect(world.lines().toSorted()).toEqual([
      'team: firing 1 of search PolicySucceeded False',
      'team: firing 40 of shop PolicySucceeded False',
    ]);
    expect(world.told.find(({ alert: { group } }) => group?.namespace === 'shop')?.alert).toMatchObject({
      command: 'kubectl get imagescan -n shop',
      vulnerabilities: [],
    });
  });

  it('is told anew when it has changed, not more often than it may, and its end when the last scan has recovered', async () => {
    const world = alertWorld({ rules });
    for (const scan of ['a', 'b']) await world.send(failed({ scan, run: 0 }));
    world.pass(1);
    await world.tick();
    await world.send(failed({ scan: 'c', run: 0 }));
    await world.send(passed({ scan: 'a', run: 10 }));
    world.pass(4);
    await world.tick();
    expect(world.lines()).toHaveLength(1);
    world.pass(1);
    await world.tick();
    for (const scan of ['b', 'c']) await world.send(passed({ scan, run: 10 }));
    expect(world.lines()).toEqual([
      'team: firing 2 of shop PolicySucceeded False',
      'team: firing 2 of shop PolicySucceeded False',
      'team: resolved 1 of shop PolicySucceeded True',
    ]);
    expect(world.told[1]?.alert.group?.names.toSorted()).toEqual(['b', 'c']);
  });

  it('says the error of a scan only where it is the only one', async () => {
    const when = { condition: 'Succeeded', to: ['False'] } as const;
    const world = alertWorld({ rules: [ruleWith({ ...defaultTexts(when), when, group: { wait: 0, every: 1 } })] });
    for (const scan of ['a', 'b']) {
      await world.send(crashed({ scan, run: 0 }));
      world.pass(1);
    }
    const end = 'should have scanned may hold vulnerabilities that nobody knows of.';
    expect(world.told.map(({ alert: { text } }) => text)).toEqual([
      `Scans of shop that failed: 1.\nBackoffLimitExceeded: It failed\nWhat they ${end}`,
      `Scans of shop that failed: 2.\nWhat they ${end}`,
    ]);
  });

  it('tells where to look at all kinds of scans in it', async () => {
    const world = alertWorld({ rules });
    for (const kind of ['SourceScan', 'ImageScan'])
      await world.send(failed({ kind, scan: kind.toLowerCase(), run: 0 }));
    world.pass(1);
    await world.tick();
    expect(world.told[0]?.alert.command).toBe('kubectl get imagescan,sourcescan -n shop');
  });

  it('of what is told once in the life of a scan is told of each scan once', async () => {
    const world = alertWorld({ rules: [ruleWith({ once: 'per-scan', group: { wait: 0, every: 1 } })] });
    const all = [failed({ run: 0 }), passed({ run: 10 }), failed({ run: 20 }), failed({ scan: 'till', run: 20 })];
    for (const event of all) {
      await world.send(event);
      world.pass(1);
    }
    expect(world.lines()).toEqual([
      'team: firing 1 of shop PolicySucceeded False',
      'team: resolved 1 of shop PolicySucceeded True',
      'team: firing 1 of shop PolicySucceeded False',
    ]);
    expect(world.told.at(-1)?.alert.group?.names).toEqual(['till']);
  });

  it('that has recovered within its wait is not told at all', async () => {
    const world = alertWorld({ rules });
    await world.send(failed({ run: 0 }));
    await world.send(passed({ run: 10 }));
    world.pass(5);
    await world.tick();
    expect(world.lines()).toEqual([]);
  });
});

describe('a scan that flaps', () => {
  it('a hundred times in an hour is at most one open alert, a bounded number of messages, and the truth in the end', async () => {
    const world = alertWorld();
    for (let at = 0; at < 100; at += 1) {
      const of = at % 2 === 0 ? failed : passed;
      await world.send(of({ run: at, after: 0 }));
      world.pass(0.6);
      await world.tick();
    }
    expect(world.told.length).toBeLessThanOrEqual(7);
    world.pass(61);
    await world.tick();
    const states = world.told.map(({ alert: { status } }) => status);
    expect(states.every((status, at) => status === (at % 2 === 0 ? 'firing' : 'resolved'))).toBe(true);
    expect(states.at(-1)).toBe('resolved');
    expect(world.told.some(({ alert: { text } }) => /\d+ times/.test(text))).toBe(true);
  });
});

describe('what comes in', () => {
  it('is held against the schema, the clock and the source of our own events', async () => {
    const { send } = alertWorld();
    const event = failed({ run: 0 });
    const change = { type: 'Succeeded', to: 'True' };
    for (const [broken, problem] of [
      [{ ...event, source: '/else' }, /^source: /],
      [{ ...event, data: { ...event.data, scan: 5 } }, /^data\.scan/],
      [{ ...event, data: { ...event.data, run: { uid: 'a', age: 'yesterday' } } }, /^data\.run\.age/],
      [
        { ...event, data: { ...event.data, changes: Array.from({ length: 9 }, () => change) } },
        /^data\.changes: must not/,
      ],
    ] as const) {
      const error = await errorOf(send(broken));
      expect(error).toBeInstanceOf(Rejected);
      expect(error.message).toMatch(problem);
    }
  });

  it('about other scans is ignored', async () => {
    expect(await alertWorld().send(failed({ kind: 'Other', run: 0 }))).toMatchObject({ outcome: 'ignored' });
  });
});
