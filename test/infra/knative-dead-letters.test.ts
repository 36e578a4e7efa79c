/** What keeps dead letters, as its pod runs it: whole lines, on the disk before the answer, which a replay reads. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readRecord } from '../../shared/replay/records.ts';
import { INFRA } from '../support/manifests.ts';
import { messageOf, webhookRequests } from '../support/recorded.ts';

const PROGRAM = join(INFRA, 'knative/base/keep-dead-letters.mjs');

describe('what keeps dead letters', () => {
  let folder: string;
  let program: ChildProcess;
  let url: string;

  const start = async (): Promise<void> => {
    program = spawn(process.execPath, [PROGRAM, folder, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: program.stdout as NodeJS.ReadableStream }), 'line');
    url = `http://127.0.0.1:${JSON.parse(String(line)).port}`;
  };

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (program.exitCode !== null || program.signalCode !== null) return;
    const closed = once(program, 'close');
    program.kill(signal);
    await closed;
  };

  const kept = (): readonly string[] =>
    readdirSync(folder)
      .toSorted()
      .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
      .filter((line) => line !== '');

  const send = (body: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(url, { method: 'POST', body, headers });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dead-letters-'));
    await start();
  });
  afterEach(async () => {
    await end('SIGKILL');
    chmodSync(folder, 0o700);
    rmSync(folder, { recursive: true });
  });

  it('keeps recorded events so that a replay reads the same from them', async () => {
    for (const request of webhookRequests.slice(0, 5)) {
      const headers = messageOf(request).headers.filter(([name]) => /^(ce-|content-type)/i.test(name));
      expect((await send(request.body, Object.fromEntries(headers))).status).toBe(202);
    }
    const records = kept().map((line) => readRecord(line));
    expect(records).toHaveLength(5);
    for (const [at, record] of records.entries()) {
      const request = messageOf(webhookRequests[at] as (typeof webhookRequests)[number]);
      const attributes = request.headers.filter(([name]) => /^ce-/i.test(name));
      expect(attributes.length).toBeGreaterThan(0);
      expect(record).toMatchObject({ body: request.body, headers: expect.arrayContaining(attributes) });
    }
  });

  it('writes whole lines where many large ones arrive at once', async () => {
    const bodies = Array.from({ length: 16 }, (_, at) => JSON.stringify({ at, text: 'a'.repeat(1_000_000) }));
    const answers = await Promise.all(bodies.map((body) => send(body)));
    expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 202));
    const written = kept().map((line) => JSON.parse(line).body);
    expect(written.length).toBe(bodies.length);
    expect(new Set(written)).toEqual(new Set(bodies));
  });

  it('has lost nothing that it answered when it is killed', async () => {
    await send('{"id":1}');
    await end('SIGKILL');
    await start();
    await send('{"id":2}');
    expect(kept().map((line) => JSON.parse(line).body)).toEqual(['{"id":1}', '{"id":2}']);
  });

  it('asks its sender to try again while it cannot write', async () => {
    rmSync(folder, { recursive: true });
    const refused = await send('{"id":1}');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '60']);
    folder = mkdtempSync(folder);
  });

  it('keeps no more than 8 MiB of one', async () => {
    expect((await send('a'.repeat(8 * 1_048_576 + 1))).status).toBe(413);
    expect((await send('a'.repeat(8 * 1_048_576))).status).toBe(202);
    expect(kept()).toHaveLength(1);
  });

  it('answers probes, shows nobody what it keeps, and ends when it is told to', async () => {
    await send('{"id":1}');
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(url)).status).toBe(404);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(405);
    await end('SIGTERM');
    expect(program.exitCode).toBe(0);
  });
});
