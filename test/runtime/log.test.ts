/** The log: one line of JSON an event, that says what became of it, and no more than that. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it, jest } from '@jest/globals';
import { logReceived } from '../../shared/runtime/log.ts';
import { send } from '../support/http-client.ts';
import {
  batch,
  evaluatedEvent,
  finishedEvent,
  finishedJobEvent,
  startedEvent,
  structured,
} from '../support/http-messages.ts';
import { logInMemory, servers } from '../support/server-in-process.ts';
import { unavailableStore } from '../support/server-stores.ts';

/** Processes start slowly on a busy machine. */
jest.setTimeout(30_000);

const serve = servers();

const INFO = 30;
const WARN = 40;

describe('the log', () => {
  it('has one line for an event that was applied, with its conditions', async () => {
    const { url, lines } = await serve();
    await send(url, structured(finishedEvent()));
    expect(lines).toEqual([
      {
        level: INFO,
        time: expect.anything(),
        msg: 'event',
        id: 'event-1',
        type: 'dev.scanstatus.job-finished.v1',
        scan: 'team-a/ImageScan/image',
        uid: 'uid-image',
        outcome: 'applied',
        changes: { Scanning: 'False', Succeeded: 'True' },
      },
    ]);
  });

  it('says what became of every other', async () => {
    const { url, lines } = await serve();
    await send(url, structured(startedEvent({ run: 'newer', at: '2025-06-02T00:00:00Z' })));
    await send(url, structured(startedEvent({ run: 'newer', at: '2025-06-02T00:00:00Z' })));
    await send(url, structured(startedEvent({ run: 'older' })));
    await send(url, structured(startedEvent({ kind: 'CronScan' })));
    await send(url, structured(finishedEvent({ at: 'soon' })));
    expect(lines.map(({ level, outcome, changes, why }) => ({ level, outcome, changes, why }))).toEqual([
      { level: INFO, outcome: 'applied', changes: { Scanning: 'True' } },
      { level: INFO, outcome: 'duplicate' },
      { level: INFO, outcome: 'superseded', why: 'a newer run is known' },
      { level: INFO, outcome: 'ignored', why: 'CronScan is not a kind of scan' },
      { level: WARN, outcome: 'rejected', why: 'data.finishedAt: must be an RFC 3339 date-time' },
    ]);
  });

  it('has a line for each event of a batch, in their order', async () => {
    const { url, lines } = await serve();
    await send(url, batch([startedEvent({ id: '1' }), 5, evaluatedEvent({ id: '3' })]));
    expect(lines.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['1', 'applied'],
      [undefined, 'rejected'],
      ['3', 'applied'],
    ]);
  });

  it('has one line for an event that several functions took', async () => {
    const { url, lines } = await serve();
    await send(url, structured(finishedJobEvent()));
    expect(lines).toEqual([
      expect.objectContaining({ outcome: 'applied', changes: { Scanning: 'False', Succeeded: 'True' } }),
    ]);
  });

  it('says why an event has to wait', async () => {
    const { url, lines } = await serve({ store: unavailableStore });
    await send(url, structured(finishedEvent()));
    expect(lines).toEqual([
      expect.objectContaining({ level: WARN, id: 'event-1', outcome: 'unavailable', why: 'the store is away' }),
    ]);
  });

  it('has a line for what is refused before it is read', async () => {
    const { url, lines } = await serve();
    const { path, headers = {} } = structured(startedEvent());
    await send(url, { path, headers, body: ' '.repeat(2 ** 20 + 1) });
    await send(url, { path, headers: { ...headers, 'content-encoding': 'gzip' }, body: '' });
    await send(url, { path, headers: { 'content-type': 'text/plain' }, body: '' });
    expect(lines.map(({ level, outcome, why }) => [level, outcome, String(why).split(':')[0]])).toEqual([
      [WARN, 'rejected', 'body'],
      [WARN, 'rejected', 'content-encoding'],
      [WARN, 'rejected', 'content-type'],
    ]);
  });

  it('holds no stack trace of bad input, and keeps what senders write in one line', async () => {
    const { url, lines } = await serve();
    const bad = [{ body: '{"a":' }, { body: '"\n    at evil (evil.js:1:1)"' }, { body: '[1]' }];
    for (const { body } of bad) await send(url, { ...structured({}), body });
    await send(url, structured(startedEvent({ id: 'x\n{"level":60}' })));
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      expect(line).toMatchObject({ level: WARN, outcome: 'rejected' });
      expect(line).not.toHaveProperty('err');
      expect(JSON.stringify(line)).not.toMatch(/\\n\s+at /);
    }
  });

  it('names the cause of what kept an event waiting, in one line', () => {
    const { log, lines } = logInMemory();
    const why = new Error('the store cannot be used', { cause: new Error('disk full') });
    logReceived(log, { outcome: 'unavailable', id: 'event-1', why, changes: [], causes: [] });
    expect(lines).toEqual([
      {
        level: WARN,
        time: expect.anything(),
        msg: 'event',
        id: 'event-1',
        outcome: 'unavailable',
        why: 'the store cannot be used',
        cause: 'disk full',
      },
    ]);
  });
});

describe('the log of a process', () => {
  const logModule = JSON.stringify(new URL('../../shared/runtime/log.ts', import.meta.url).href);
  const run = (level: string) =>
    spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '--eval',
        `
        const { createLog } = await import(${logModule});
        const log = createLog('${level}');
        log.info({ id: 'event-1' }, 'event');
        log.warn('careful');
      `,
      ],
      { encoding: 'utf8' },
    ).stdout.split('\n');

  it('is complete when the process ends, with instants that people can read', () => {
    const [first = '', second = '', ...rest] = run('info');
    expect(JSON.parse(first)).toEqual({
      level: INFO,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      id: 'event-1',
      msg: 'event',
    });
    expect(JSON.parse(second)).toMatchObject({ level: WARN, msg: 'careful' });
    expect(rest).toEqual(['']);
  });

  it('leaves out what is below its level', () => {
    expect(run('warn').filter((line) => line !== '')).toHaveLength(1);
    expect(run('silent')).toEqual(['']);
  });
});
