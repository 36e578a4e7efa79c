/** The whole in processes of its own: however it is stopped and started, nothing that was answered is lost. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { openEmbeddedStore } from '../../shared/scans/embedded.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import type { ScanStore } from '../../shared/scans/store.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { get, listedStatuses, listScans, type Sent, send } from '../support/http-client.ts';
import { finishedEvent, startedEvent, structured } from '../support/http-messages.ts';
import { type Conversation, converse, statusesIn } from '../support/http-raw.ts';
import { TRUTH, webhookRequests } from '../support/recorded.ts';
import { servers } from '../support/server-in-process.ts';
import { failedStart, type ServerProcess, serverProcesses } from '../support/server-process.ts';

/** Processes start slowly on a busy machine. */
jest.setTimeout(30_000);

const serve = servers();
const spawn = serverProcesses();
const folder = temporaryFolder();

const GRACEFUL = { code: 0, signal: null };

/** Opens a file as nobody has it open, and lists its scans' phases by name. */
const phasesIn = async (path: string): Promise<ReadonlyMap<string, unknown>> => {
  const store = await openEmbeddedStore({ path, maximum: 1 });
  const phases = new Map<string, unknown>();
  for await (const { scan, status } of store.list()) phases.set(scan.name, status.phase);
  store.close();
  return phases;
};

interface Posted {
  readonly name: string;
  /** Absent where no answer came. */
  readonly status?: number;
}

/** Posts an event for each of many scans over a few connections, and calls `after` once `count` were answered. */
const postMany = async (url: string, count: number, after: () => void): Promise<readonly Posted[]> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  let answered = 0;
  const post = async (name: string): Promise<Posted> => {
    try {
      const { status } = await send(url, structured(finishedEvent({ id: name, name })), agent);
      answered += 1;
      if (answered === count) after();
      return { name, status };
    } catch {
      return { name };
    }
  };
  const names = Array.from({ length: 400 }, (_, at) => `image-${at}`);
  const posted = await Promise.all(names.map(post));
  agent.destroy();
  return posted;
};

const namesAnswered = (posted: readonly Posted[]): readonly string[] =>
  posted.filter(({ status }) => status === 200).map(({ name }) => name);

/** The head of a request whose sender waits for our word before it sends the body: then we have accepted it. */
const headOf = ({ body }: Sent): string =>
  [
    'POST / HTTP/1.1',
    'Host: localhost',
    'Content-Type: application/cloudevents+json',
    `Content-Length: ${Buffer.byteLength(body as string)}`,
    'Expect: 100-continue',
    '\r\n',
  ].join('\r\n');

const hasReceived = ({ socket, received }: Conversation, text: string): Promise<void> =>
  new Promise((resolve) => {
    const look = () => received().includes(text) && resolve();
    socket.on('data', look);
    look();
  });

const accepted = async (url: string, sent: Sent): Promise<Conversation> => {
  const conversation = converse(url, Buffer.from(headOf(sent)));
  await hasReceived(conversation, '100 Continue');
  return conversation;
};

const isStopping = ({ lines }: ServerProcess) => lines.find(({ msg }) => msg === 'stopping');

describe('a server that is told to stop', () => {
  it('answers all it has accepted, keeps all it has answered, and exits 0', async () => {
    const path = join(folder, 'stopped.db');
    const server = await spawn({ SCAN_STORE_PATH: path });
    const posted = await postMany(server.url, 60, () => server.kill('SIGTERM'));
    expect(await server.ended).toEqual(GRACEFUL);
    const answered = namesAnswered(posted);
    expect(answered.length).toBeGreaterThanOrEqual(60);
    const taken = server.lines.filter(({ msg }) => msg === 'event').map(({ id }) => id);
    expect(taken.toSorted()).toEqual(answered.toSorted());
    expect([...(await phasesIn(path)).keys()].toSorted()).toEqual(answered.toSorted());
  });

  it('waits for the rest of a request that it has accepted', async () => {
    const path = join(folder, 'waiting.db');
    const server = await spawn({ SCAN_STORE_PATH: path });
    const sent = structured(finishedEvent());
    const { socket, received, closed } = await accepted(server.url, sent);
    server.kill('SIGTERM');
    await server.until(() => isStopping(server));
    socket.write(sent.body as string);
    await closed;
    expect(statusesIn(received())).toEqual([100, 200]);
    expect(received()).toMatch(/^connection: close\r$/im);
    expect(await server.ended).toEqual(GRACEFUL);
    expect(await phasesIn(path)).toEqual(new Map([['image', 'Completed']]));
  });

  it('takes no new connection meanwhile', async () => {
    const server = await spawn({ SCAN_STORE_PATH: ':memory:' });
    const sent = structured(finishedEvent());
    const { socket, closed } = await accepted(server.url, sent);
    server.kill('SIGTERM');
    await server.until(() => isStopping(server));
    await expect(get(server.url, '/healthz')).rejects.toThrow(/ECONNREFUSED|ECONNRESET|socket hang up/);
    socket.write(sent.body as string);
    await closed;
    expect(await server.ended).toEqual(GRACEFUL);
  });

  it('is held by no connection that has nothing to say', async () => {
    const server = await spawn({ SCAN_STORE_PATH: ':memory:' });
    const silent = converse(server.url, Buffer.alloc(0));
    const halfway = converse(server.url, Buffer.from('POST / HTTP/1.1\r\nHost: local'));
    const idle = converse(server.url, Buffer.from('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    await hasReceived(idle, 'ok\n');
    server.kill('SIGTERM');
    expect(await server.ended).toEqual(GRACEFUL);
    await Promise.all([silent.closed, halfway.closed, idle.closed]);
  });

  it('stops on Ctrl-C, too, and as soon as it says that it listens', async () => {
    const server = await spawn({ SCAN_STORE_PATH: ':memory:' });
    server.kill('SIGINT');
    expect(await server.ended).toEqual(GRACEFUL);
    expect(server.lines.map(({ msg }) => msg)).toEqual(['listening', 'stopping', 'stopped']);
  });

  it('finishes a list that it has begun to send', async () => {
    const gate = Promise.withResolvers<void>();
    const memory = memoryStore({ maximum: 10 });
    const slow: ScanStore = {
      ...memory,
      list: async function* () {
        for await (const scan of memory.list()) {
          yield scan;
          await gate.promise;
        }
      },
    };
    const { url, stop } = await serve({ store: slow });
    for (const name of ['a', 'b']) await send(url, structured(startedEvent({ name })));
    const list = converse(url, Buffer.from('GET /api/scans HTTP/1.1\r\nHost: localhost\r\n\r\n'));
    await hasReceived(list, '"name":"a"');
    const stopped = stop();
    gate.resolve();
    await list.closed;
    await stopped;
    expect(list.received()).toContain('"name":"b"');
    expect(list.received()).toMatch(/\r\n0\r\n\r\n$/);
  });

  it('gives up on a sender that never ends', async () => {
    const { url, stop, lines } = await serve({ stopDeadline: 1 });
    const { closed } = await accepted(url, structured(finishedEvent()));
    await stop();
    await closed;
    expect(lines.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });
});

describe('a server whose log nobody reads', () => {
  it('goes on answering, and ends when it is told to', async () => {
    const server = await spawn({ SCAN_STORE_PATH: ':memory:' });
    server.pause();
    for (let round = 0; round < 3; round += 1) {
      const posted = await postMany(server.url, 0, () => {});
      expect(posted.filter(({ status }) => status !== 200)).toEqual([]);
    }
    server.resume();
    server.kill('SIGTERM');
    expect(await server.ended).toEqual(GRACEFUL);
  });
});

describe('a server that is killed', () => {
  it('has lost nothing that it answered, and goes on from there', async () => {
    const path = join(folder, 'killed.db');
    const server = await spawn({ SCAN_STORE_PATH: path });
    const posted = await postMany(server.url, 60, () => server.kill('SIGKILL'));
    expect(await server.ended).toEqual({ code: null, signal: 'SIGKILL' });
    const answered = namesAnswered(posted);
    expect(answered.length).toBeGreaterThanOrEqual(60);
    const phases = await phasesIn(path);
    expect(answered.filter((name) => phases.get(name) !== 'Completed')).toEqual([]);
    const again = await spawn({ SCAN_STORE_PATH: path });
    expect((await listScans(again.url)).map(({ metadata }) => metadata.name).toSorted()).toEqual(
      [...phases.keys()].toSorted(),
    );
    expect((await send(again.url, structured(finishedEvent({ name: 'later' })))).status).toBe(200);
  });
});

describe('two servers on one file', () => {
  const ATTEMPTS = 100;

  /** As senders do: the same request again while the answer is 503. */
  const insist = async (url: string, sent: Sent): Promise<number> => {
    for (let attempt = 1; attempt < ATTEMPTS; attempt += 1) {
      const { status } = await send(url, sent);
      if (status !== 503) return status;
    }
    throw new Error('unavailable all the time');
  };

  const requests = webhookRequests.map(({ path, rawHeaders, body }): Sent => ({ path, headers: rawHeaders, body }));

  it('tell the truth, both, when the same events reach both at once in different orders', async () => {
    const path = join(folder, 'shared.db');
    const [one, other] = await Promise.all([spawn({ SCAN_STORE_PATH: path }), spawn({ SCAN_STORE_PATH: path })]);
    const statuses = await Promise.all([
      ...requests.map((sent) => insist(one.url, sent)),
      ...requests.toReversed().map((sent) => insist(other.url, sent)),
    ]);
    expect(new Set(statuses)).toEqual(new Set([200, 204]));
    expect(await listedStatuses(one.url)).toMatchObject(TRUTH);
    expect(await listScans(other.url)).toEqual(await listScans(one.url));
  });
});

describe('the welcome', () => {
  const hasCurl = spawnSync('curl', ['--version']).status === 0;
  const shell = (script: string): string => spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout;

  /** Lets the shell take the command apart, and sends what it would have made curl send. */
  const rebuild = async (command: string): Promise<string> => {
    const [flag, url = '', ...args] = shell(`curl() { printf '%s\\0' "$@"; }; ${command}`).split('\0').slice(0, -1);
    const valuesOf = (name: string) => args.filter((_, at) => args[at - 1] === name);
    const headers = Object.fromEntries(valuesOf('-H').map((header) => header.split(/: (.*)/).slice(0, 2)));
    expect(flag).toBe('-s');
    const { origin, pathname } = new URL(url);
    return (await send(origin, { path: pathname, headers, body: valuesOf('-d').join('&') })).body;
  };

  const ways = [
    ...(hasCurl ? [{ way: 'run by the shell as it stands, with curl', run: async (it: string) => shell(it) }] : []),
    { way: hasCurl ? 'rebuilt' : 'REBUILT ONLY, BECAUSE THIS MACHINE HAS NO curl', run: rebuild },
  ];

  it.each(ways)('prints a command that makes a condition appear ($way)', async ({ run }) => {
    const { url, stderr, until } = await spawn({ SCAN_STORE_PATH: ':memory:' });
    const command = await until(() => /^ {2}(curl (?:.|\n)+?)\n\n/m.exec(stderr())?.[1]);
    const event = JSON.parse(await run(command));
    expect(event.data.conditions).toEqual([expect.objectContaining({ type: 'Scanning', status: 'True' })]);
    const list = await until(() => /curl -s (\S+\/api\/scans)$/m.exec(stderr())?.[1]);
    expect(list).toBe(`${url}/api/scans`);
    expect(await listScans(url)).toEqual([
      expect.objectContaining({ metadata: expect.objectContaining({ name: event.data.scan.name }) }),
    ]);
  });
});

describe('the settings of a server', () => {
  it('are honoured', async () => {
    const { url } = await spawn({
      SCAN_STORE_PATH: ':memory:',
      SCAN_STORE_MAX: '1',
      SCAN_NAMESPACES: 'team-a',
      SCAN_CLUSTER: 'prod',
    });
    const first = await send(url, structured(startedEvent()));
    expect(JSON.parse(first.body).source).toBe('/scanstatus/prod');
    expect((await send(url, structured(startedEvent({ name: 'second' })))).status).toBe(503);
    expect((await send(url, structured(startedEvent({ namespace: 'team-b' })))).status).toBe(204);
  });

  const noDatabase = join(folder, 'no-database.db');
  writeFileSync(noDatabase, 'this is no database\n'.repeat(1_000));

  it.each<{ what: string; variable: string; environment: Readonly<Record<string, string>> }>([
    { what: 'a port that is no number', variable: 'PORT', environment: { PORT: 'x' } },
    { what: 'a host that strangers reach', variable: 'HOST', environment: { HOST: '0.0.0.0' } },
    { what: 'credentials that nobody would check', variable: 'AUTH_CONFIG', environment: { AUTH_CONFIG: 'auth.yaml' } },
    { what: 'no folder', variable: 'SCAN_STORE_PATH', environment: { SCAN_STORE_PATH: '/dev/null/scans.db' } },
    { what: 'no database', variable: 'SCAN_STORE_PATH', environment: { SCAN_STORE_PATH: noDatabase } },
    { what: "another machine's host", variable: 'HOST', environment: { HOST: '203.0.113.1', AUTH: 'none' } },
  ])('end it with 1 and one line that names $variable: $what', async ({ variable, environment }) => {
    const { code, stderr, lines } = await failedStart({ SCAN_STORE_PATH: ':memory:', ...environment });
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^[A-Z_, ]*\\b${variable}\\b[A-Z_, ]*: .+\\n$`));
    expect(lines).toEqual([]);
  });

  it('end it with 1 and one line that names PORT: one that somebody else has', async () => {
    const { url } = await serve();
    const { code, stderr } = await failedStart({ SCAN_STORE_PATH: ':memory:', PORT: new URL(url).port });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^[A-Z_, ]*\bPORT\b[A-Z_, ]*: .*EADDRINUSE.*\n$/);
  });
});
