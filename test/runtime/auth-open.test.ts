/** Processes by their settings: to whom they are open, and that a verdict is believed only where anything is, or if it is signed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { allFunctions } from '../../functions/all.ts';
import { WrongSetting } from '../../shared/runtime/config.ts';
import { type OpenProcess, openProcess, type Reach } from '../../shared/runtime/open.ts';
import { respond } from '../../shared/runtime/respond.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { errorOf } from '../support/error-of.ts';
import { structuredMessage } from '../support/http-arbitraries.ts';
import { send } from '../support/http-client.ts';
import { evaluatedEvent, startedEvent, structured } from '../support/http-messages.ts';
import { failedStart, serverProcesses } from '../support/server-process.ts';

const folder = temporaryFolder();
const TOKEN = 'a-token-0123456789';
writeFileSync(join(folder, 'tokens'), TOKEN);

const written = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
const AUTH_CONFIG = written(
  'auth.yaml',
  "credentials: [{ name: me, tokens: { files: [tokens] }, allows: { functions: '*', types: '*', namespaces: '*' } }]",
);

describe('a process that is opened', () => {
  const opened: OpenProcess[] = [];
  const before = { ...process.env };
  afterEach(async () => {
    process.env = { ...before };
    await Promise.all(opened.splice(0).map(({ close }) => close()));
  });

  /** What it answers to a start, to one that the platform vouches for, and to a verdict; with a token or without. */
  const answersOf = async (settings: Readonly<Record<string, string>>, reach?: Reach, token?: string) => {
    process.env = { ...before, SCAN_STORE_PATH: ':memory:', LOG_LEVEL: 'silent', ...settings };
    const one = await openProcess(() => ({ functions: allFunctions }), reach);
    opened.push(one);
    const shown = token === undefined ? [] : [['authorization', `Bearer ${token}`] as const];
    const answerTo = async (event: object, vouched: boolean) => {
      const { headers, body } = structuredMessage(event);
      const answer = await respond({ headers: [...headers, ...shown], body }, one.functions, one.responding, {
        vouched,
      });
      return answer.status;
    };
    const started = await answerTo(startedEvent(), false);
    return [started, await answerTo(startedEvent({ name: 'b' }), true), await answerTo(evaluatedEvent(), true)];
  };

  it.each<
    [what: string, settings: Readonly<Record<string, string>>, reach: Reach | undefined, answers: readonly number[]]
  >([
    ['is closed to strangers unless it is told otherwise', {}, undefined, [401, 200, 403]],
    ['is open on loopback', {}, { isLoopback: true }, [200, 200, 200]],
    ['is open where AUTH=none says so', { AUTH: 'none' }, undefined, [200, 200, 200]],
    ['is open to those of AUTH_CONFIG', { AUTH_CONFIG }, undefined, [401, 200, 403]],
    ['is open to those of AUTH_CONFIG alone on loopback, too', { AUTH_CONFIG }, { isLoopback: true }, [401, 200, 200]],
  ])('%s, but for what the platform vouches for', async (_, settings, reach, answers) => {
    expect(await answersOf(settings, reach)).toEqual(answers);
  });

  it('lets in who is known', async () => {
    expect(await answersOf({ AUTH_CONFIG }, undefined, TOKEN)).toEqual([200, 200, 403]);
  });

  it.each<[text: string, problem: string]>([
    ['credentials: 1', 'credentials: must be a list'],
    ['credentials: [{ name: me, tokens: { files: [none] }, allows: { reads: true } }]', 'none: cannot be read'],
  ])('is not opened with a wrong AUTH_CONFIG: %s', async (text, problem) => {
    const file = written('wrong.yaml', text);
    const error = await errorOf(answersOf({ AUTH_CONFIG: file }));
    expect(error).toBeInstanceOf(WrongSetting);
    expect(error.message).toBe(`AUTH_CONFIG: ${file}: ${problem}`);
  });
});

describe('a server that strangers can reach', () => {
  const start = serverProcesses();
  /** This machine, under a name of which nobody knows that it is. */
  const HOST = '127.1';
  const own = { HOST, SCAN_STORE_PATH: ':memory:' };

  it('asks who they are', async () => {
    const { url } = await start({ ...own, AUTH_CONFIG });
    expect((await send(url, structured(startedEvent()))).status).toBe(401);
    const authorization = `Bearer ${TOKEN}`;
    const known = {
      ...structured(startedEvent()),
      headers: { 'content-type': 'application/cloudevents+json', authorization },
    };
    expect((await send(url, known)).status).toBe(200);
    const verdict = await send(url, { ...known, body: JSON.stringify(evaluatedEvent()) });
    expect([verdict.status, JSON.parse(verdict.body).detail]).toEqual([
      403,
      'event "event-1": scansignature: VERDICT_KEYS is not set, so no verdict can be believed here',
    ]);
  });

  it('does not start where nobody says who they may be', async () => {
    expect(await failedStart(own)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^HOST: 127\.1 .*AUTH_CONFIG/),
    });
    expect(await failedStart({ ...own, AUTH_CONFIG, AUTH: 'none' })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^AUTH_CONFIG: must not be set beside AUTH=none/),
    });
  });

  it('takes all that comes where AUTH=none says so, and warns of what that means for verdicts', async () => {
    const { url, lines } = await start({ ...own, AUTH: 'none' });
    expect((await send(url, structured(evaluatedEvent()))).status).toBe(200);
    expect(lines).toContainEqual(expect.objectContaining({ setting: 'VERDICT_KEYS', level: 40 }));
  });
});
