/** The connection to an API server: who we are there, what is told where that cannot be known, and what rotates. */
import { chmodSync, existsSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { JsonObject } from '../../shared/conditions/status.ts';
import { readScope } from '../../shared/runtime/config.ts';
import { kubernetesStore } from '../../shared/scans/kubernetes.ts';
import { openConnection } from '../../shared/scans/kubernetes-connection.ts';
import type { ScanStore } from '../../shared/scans/store.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { type ApiServer, type ApiServerSettings, type Asked, apiServers } from '../support/api-server.ts';
import { createAuthority } from '../support/certificates.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { movableClock, stopTimers } from '../support/clock.ts';
import { kubeconfig } from '../support/kubeconfigs.ts';
import { putScans } from '../support/kubernetes-stores.ts';
import { scanNamed } from '../support/store-contract.ts';

// Programs start slowly where the machine is busy.
jest.setTimeout(30_000);

const serve = apiServers();
const moveClock = movableClock();
const folder = temporaryFolder();
const scan = scanNamed('one');

const opened: ScanStore[] = [];
afterEach(() => {
  jest.useRealTimers();
  for (const store of opened.splice(0)) store.close();
});

/** A store that looks for its server in these files. */
const openFiles = (...files: readonly string[]): ScanStore => {
  const connection = openConnection({ kubeconfigs: files, environment: process.env });
  const store = kubernetesStore(connection, readScope({}));
  opened.push(store);
  return store;
};

let files = 0;
const freshFile = (content: string | JsonObject): string => {
  files += 1;
  return write(join(folder, `file-${files}`), content);
};
const write = (file: string, content: string | JsonObject): string => {
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
};

/** A server with one scan. */
const serveOne = async (settings: ApiServerSettings = {}): Promise<ApiServer> => {
  const server = await serve({ tls: true, ...settings });
  putScans(server, scan);
  return server;
};

const found = async (store: ScanStore): Promise<string | undefined> => (await store.read(scan))?.scan.uid;
/** Asks for a scan that no cached copy can tell of. */
const ask = async (store: ScanStore): Promise<number> => (await store.find(scan)).length;

const errorOf = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    return await work;
  } catch (error) {
    return error;
  }
};

/** All that an error says, and whatever caused it. */
const wordsOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}\n${wordsOf(error.cause)}` : '';

const SECRET = 'hunter2-is-nobodys-business';
const ESCAPED = SECRET.replaceAll('-', '\\-');

/** The file as it works, spoilt; and the parts of it by name. */
const spoilt = (whole: JsonObject, more: JsonObject): JsonObject => ({ ...whole, ...more });
const withCluster = (whole: JsonObject, more: JsonObject): JsonObject => {
  const [entry] = whole.clusters as readonly { readonly cluster: JsonObject }[];
  return { ...whole, clusters: [{ name: 'test', cluster: { ...entry?.cluster, ...more } }] };
};
const withUser = (whole: JsonObject, user: JsonObject): JsonObject => ({
  ...whole,
  users: [{ name: 'test', user: { token: SECRET, ...user } }],
});
const PEM = (what: string): string => btoa(`-----BEGIN ${what}-----\n${btoa(SECRET)}\n-----END ${what}-----\n`);

describe('a kubeconfig that cannot be used', () => {
  const NEVER = 'https://127.0.0.1:1';

  it.each<{ what: string; spoil: (whole: JsonObject) => string | JsonObject; why: RegExp }>([
    { what: 'empty', spoil: () => '', why: /it is no kubeconfig/ },
    { what: 'a text', spoil: () => `token ${SECRET}`, why: /it is no kubeconfig/ },
    { what: 'a list', spoil: () => `- ${SECRET}`, why: /it is no kubeconfig/ },
    { what: 'no YAML', spoil: () => `users:\n  - token: "${SECRET}\n`, why: /it is no YAML, see line \d/ },
    { what: 'YAML with an alias', spoil: () => `users:\n  - password: *${SECRET}\n`, why: /it is no YAML, see line 2/ },
    { what: 'YAML with a tag', spoil: () => `users:\n  - password: !${SECRET} x\n`, why: /it is no YAML, see line 2/ },
    { what: 'another YAML', spoil: () => `secret: ${SECRET}\n`, why: /it is no kubeconfig/ },
    {
      what: 'without current-context',
      spoil: (whole) => spoilt(whole, { 'current-context': '' }),
      why: /it has no current-context/,
    },
    {
      what: 'with a current-context that it does not have',
      spoil: (whole) => spoilt(whole, { 'current-context': 'other' }),
      why: /its current-context is not among its contexts/,
    },
    {
      what: 'with a cluster that it does not have',
      spoil: (whole) => spoilt(whole, { clusters: [] }),
      why: /names a cluster that it does not have/,
    },
    {
      what: 'with a user that it does not have',
      spoil: (whole) => spoilt(whole, { users: [] }),
      why: /names a user that it does not have/,
    },
    { what: 'with entries of no name', spoil: (whole) => spoilt(whole, { users: [{}] }), why: /users\[0\]/ },
    {
      what: 'with a server that is no URL',
      spoil: (whole) => withCluster(whole, { server: `user:${SECRET}@here there` }),
      why: /its server is no http or https URL/,
    },
    {
      what: 'with a CA file that is missing',
      spoil: (whole) =>
        withCluster(whole, { 'certificate-authority': 'ca.pem', 'certificate-authority-data': undefined }),
      why: /ENOENT.*ca\.pem/,
    },
    {
      what: 'with a token file that is missing',
      spoil: (whole) => withUser(whole, { token: undefined, tokenFile: 'no-token' }),
      why: /ENOENT.*no-token/,
    },
    {
      what: 'over HTTP where TLS is to be verified',
      spoil: (whole) => withCluster(whole, { server: 'http://127.0.0.1:1' }),
      why: /HTTP protocol is not allowed when skipTLSVerify is not set/,
    },
    {
      what: 'with an exec of no command',
      spoil: (whole) => withUser(whole, { exec: { args: [SECRET] } }),
      why: /exec/,
    },
  ])('says so in one line, until it is mended: $what', async ({ spoil, why }) => {
    const server = await serveOne();
    const good = kubeconfig({ server: server.url, ca: server.ca });
    const file = freshFile(spoil(withUser(good, {})));
    const store = openFiles(file);
    for (const work of [
      () => store.read(scan),
      () => store.ready(),
      () => store.list()[Symbol.asyncIterator]().next(),
    ]) {
      const error = await errorOf(work());
      expect(error).toBeInstanceOf(Unavailable);
      expect(String(error)).toMatch(why);
      expect(String(error)).toBe(
        `Unavailable: ${file} cannot be used (${/\((.*)\)/.exec(String(error))?.[1]}); set KUBECONFIG to a kubeconfig that works`,
      );
      expect(wordsOf(error)).not.toContain(SECRET);
    }
    write(file, good);
    expect(await found(store)).toBe(scan.uid);
    await expect(store.ready()).resolves.toBeUndefined();
  });

  it.each<{ what: string; spoil: (whole: JsonObject) => JsonObject; why: RegExp }>([
    { what: 'nobody is there', spoil: (whole) => withCluster(whole, { server: NEVER }), why: /ECONNREFUSED/ },
    {
      what: 'its name is nobody’s',
      spoil: (whole) => withCluster(whole, { server: 'https://nobody.invalid' }),
      why: /ENOTFOUND|EAI_AGAIN/,
    },
    {
      what: 'it is not to be trusted',
      spoil: (whole) => withCluster(whole, { 'certificate-authority-data': btoa(createAuthority('other').cert) }),
      why: /SIGNED|UNABLE_TO/,
    },
    {
      what: 'it says it is another',
      spoil: (whole) => withCluster(whole, { 'tls-server-name': 'other.example' }),
      why: /ERR_TLS_CERT_ALTNAME_INVALID/,
    },
    {
      what: 'the CA is no certificate',
      spoil: (whole) => withCluster(whole, { 'certificate-authority-data': PEM('CERTIFICATE') }),
      why: /./,
    },
    {
      what: 'our key is no key',
      spoil: (whole) =>
        withUser(whole, { 'client-certificate-data': PEM('CERTIFICATE'), 'client-key-data': PEM('PRIVATE KEY') }),
      why: /./,
    },
    {
      what: 'the token is no header',
      spoil: (whole) => withUser(whole, { token: `${SECRET}\n${SECRET}` }),
      why: /ERR_INVALID_CHAR/,
    },
  ])('says so where $what', async ({ spoil, why }) => {
    const server = await serveOne();
    const good = kubeconfig({ server: server.url, ca: server.ca });
    const file = freshFile(spoil(withUser(good, {})));
    const store = openFiles(file);
    const error = await errorOf(store.read(scan));
    expect(error).toBeInstanceOf(Unavailable);
    expect(String(error)).toMatch(
      /^Unavailable: https:\/\/\S+ cannot be reached \([^\n]+\); look at the cluster and the user of \S+$/,
    );
    expect(String(error)).toMatch(why);
    expect(String(error)).toContain(file);
    expect(wordsOf(error)).not.toContain(SECRET);
    write(file, good);
    moveClock(1_100);
    expect(await found(store)).toBe(scan.uid);
  });

  it('says so where it is missing, or a folder, and uses it once it is there', async () => {
    const server = await serveOne();
    const missing = join(folder, 'not-yet');
    const store = openFiles(missing);
    expect(String(await errorOf(store.read(scan)))).toMatch(/not-yet cannot be used \(ENOENT.*\); set KUBECONFIG to/);
    expect(String(await errorOf(openFiles(folder).read(scan)))).toMatch(
      /cannot be used \(EISDIR.*\); set KUBECONFIG to/,
    );
    write(missing, kubeconfig({ server: server.url, ca: server.ca }));
    expect(await found(store)).toBe(scan.uid);
    unlinkSync(missing);
    // What is known goes on to be used, as long as the server knows us.
    moveClock(11_000);
    expect(await ask(store)).toBe(1);
  });

  it('says so where there is none, and this is no pod', async () => {
    expect(existsSync('/var/run/secrets/kubernetes.io')).toBe(false);
    expect(String(await errorOf(openFiles().read(scan)))).toBe(
      'Unavailable: the kubeconfig cannot be used (there is none, and this is no pod of a cluster); set KUBECONFIG to a kubeconfig that works',
    );
  });
});

describe('several files', () => {
  it('are one: the first of each name counts, and the first current-context', async () => {
    const server = await serveOne({ knows: ({ headers }) => headers.authorization === 'Bearer right' });
    const whole = withUser(kubeconfig({ server: server.url, ca: server.ca }), { token: 'right' });
    const { contexts, clusters, users } = whole;
    const context = freshFile({ contexts, users: [], 'current-context': '' });
    const user = freshFile({ users, 'current-context': 'test' });
    const cluster = freshFile({ clusters });
    const wrong = freshFile(withUser(withCluster(whole, { server: 'https://127.0.0.1:1' }), { token: 'wrong' }));
    expect(await found(openFiles(context, join(folder, 'absent'), user, cluster, wrong))).toBe(scan.uid);
    expect(String(await errorOf(openFiles(wrong, user, cluster).read(scan)))).toContain(
      '127.0.0.1:1 cannot be reached',
    );
  });

  it('are named together where one cannot be used, or none is there', async () => {
    const [bad, absent] = [freshFile('- a'), join(folder, 'absent')];
    const good = freshFile(kubeconfig({ server: 'https://127.0.0.1:1' }));
    expect(String(await errorOf(openFiles(good, bad).read(scan)))).toContain(`${good}:${bad} cannot be used (it is no`);
    expect(String(await errorOf(openFiles(absent, absent).read(scan)))).toContain('ENOENT');
  });
});

const bearer = ({ headers }: Asked): string => headers.authorization ?? '';

describe('what a kubeconfig says of us', () => {
  it('is sent: a token, a name and password, under the path of the server', async () => {
    const server = await serveOne({ prefix: '/k8s/clusters/c-1' });
    const whole = kubeconfig({ server: server.url, ca: server.ca });
    const users = [{ token: 'one' }, { username: 'ann', password: 'pass', token: undefined }];
    for (const user of users) expect(await found(openFiles(freshFile(withUser(whole, user))))).toBe(scan.uid);
    expect(server.asked.map(bearer)).toEqual(['Bearer one', `Basic ${btoa('ann:pass')}`]);
    expect(new Set(server.asked.map(({ headers }) => headers['user-agent']))).toEqual(new Set(['scan-status']));
  });

  it('is read again when the server no longer knows us: once, for all who ask meanwhile', async () => {
    const token = freshFile('first\n');
    let valid = 'Bearer first';
    const server = await serveOne({ knows: (asked) => bearer(asked) === valid });
    const file = freshFile(
      withUser(kubeconfig({ server: server.url, ca: server.ca }), { token: undefined, tokenFile: basename(token) }),
    );
    const store = openFiles(file);
    expect(await found(store)).toBe(scan.uid);
    write(token, 'second\n');
    valid = 'Bearer second';
    moveClock(1_100);
    const before = server.asked.length;
    await Promise.all(Array.from({ length: 10 }, () => ask(store)));
    const asked = server.asked.slice(before).map(bearer);
    expect(asked.filter((one) => one === 'Bearer first')).toHaveLength(10);
    expect(asked.filter((one) => one === 'Bearer second')).toHaveLength(10);
    expect(await ask(store)).toBe(1);
    expect(server.asked.slice(before)).toHaveLength(21);
  });

  it('is read again once, not for ever, where the server never knows us', async () => {
    const server = await serveOne({ knows: () => false });
    const file = freshFile(withUser(kubeconfig({ server: server.url, ca: server.ca }), {}));
    const store = openFiles(file);
    for (const more of [1, 2, 2]) {
      const before = server.asked.length;
      const error = await errorOf(ask(store));
      expect(String(error)).toMatch(/does not know this account; look at its token or kubeconfig/);
      expect(wordsOf(error)).not.toContain(SECRET);
      expect(server.asked.length - before).toBe(more);
      moveClock(1_100);
    }
  });

  it('is read again where the server has moved', async () => {
    const [first, second] = [await serveOne(), await serveOne()];
    const file = freshFile(kubeconfig({ server: first.url, ca: first.ca }));
    const store = openFiles(file);
    expect(await ask(store)).toBe(1);
    await first.stop();
    write(file, kubeconfig({ server: second.url, ca: second.ca }));
    moveClock(1_100);
    expect(await ask(store)).toBe(1);
    expect(second.asked).toHaveLength(1);
  });

  it('is shown by certificates, which are looked at again after seconds', async () => {
    const authority = createAuthority();
    const [cert, key] = [join(folder, 'client.pem'), join(folder, 'client-key.pem')];
    const replace = (name: string): void => {
      const issued = authority.issue(name);
      write(cert, issued.cert);
      write(key, issued.key);
    };
    replace('first');
    const server = await serveOne({ authority });
    const user = { token: undefined, 'client-certificate': basename(cert), 'client-key': basename(key) };
    const store = openFiles(freshFile(withUser(kubeconfig({ server: server.url, ca: server.ca }), user)));
    await ask(store);
    replace('second');
    await ask(store);
    expect(server.asked.map(({ client }) => client)).toEqual(['first', 'first']);
    moveClock(10_100);
    await ask(store);
    await ask(store);
    expect(server.asked.slice(2).map(({ client }) => client)).toEqual(['second', 'second']);
  });

  it('leaves connections alone where only the token has changed', async () => {
    const token = freshFile('first');
    const server = await serveOne();
    const user = { token: undefined, tokenFile: token };
    const store = openFiles(freshFile(withUser(kubeconfig({ server: server.url, ca: server.ca }), user)));
    for (let at = 0; at < 5; at += 1) {
      expect(await ask(store)).toBe(1);
      moveClock(10_100);
    }
    expect(server.connections()).toBeLessThanOrEqual(2);
  });
});

describe('a server behind a proxy', () => {
  it('is reached through it', async () => {
    const server = await serveOne();
    let through = 0;
    const proxy = createServer().on('connect', (_, socket) => {
      through += 1;
      const upstream = connect(server.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      for (const end of [socket, upstream]) end.on('error', () => {});
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const cluster = { 'proxy-url': `http://127.0.0.1:${port}` };
    const store = openFiles(freshFile(kubeconfig({ server: server.url, ca: server.ca, cluster })));
    for (let at = 0; at < 20; at += 1) expect(await ask(store)).toBe(1);
    expect(through).toBeGreaterThan(0);
    expect(through).toBeLessThanOrEqual(2);
    await new Promise((resolve) => {
      proxy.close(resolve);
      proxy.closeAllConnections();
      store.close();
    });
  });
});

describe('a program that gives credentials', () => {
  const PLUGIN = new URL('../support/plugin.mjs', import.meta.url).pathname;

  interface Run {
    readonly pid: number;
    readonly told?: string;
    readonly info: string;
  }
  const runsIn = (trace: string): readonly Run[] =>
    existsSync(trace)
      ? readFileSync(trace, 'utf8')
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      : [];

  const credential = (status: JsonObject): JsonObject => ({
    apiVersion: 'client.authentication.k8s.io/v1',
    kind: 'ExecCredential',
    status,
  });

  /** A store whose user is a program that does this. */
  const openWith = (server: ApiServer, act: 'print' | 'fail' | 'hang', file: string) => {
    files += 1;
    const trace = join(folder, `trace-${files}`);
    const exec = {
      command: process.execPath,
      args: [PLUGIN, trace, act, file],
      env: [{ name: 'TOLD', value: SECRET }],
    };
    const user = { token: undefined, exec };
    const whole = withUser(kubeconfig({ server: server.url, ca: server.ca }), user);
    return { store: openFiles(freshFile(whole)), runs: () => runsIn(trace) };
  };

  it('is run once for many requests, and told what it may need', async () => {
    const server = await serveOne({ knows: (asked) => bearer(asked) === 'Bearer given' });
    const { store, runs } = openWith(server, 'print', freshFile(credential({ token: 'given' })));
    await Promise.all(Array.from({ length: 5 }, () => ask(store)));
    moveClock(11_000);
    await ask(store);
    expect(runs()).toMatchObject([{ told: SECRET }]);
    expect(JSON.parse(runs()[0]?.info ?? '')).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive: false },
    });
  });

  it('is run again when what it gave has expired, or the server no longer knows it', async () => {
    const given = freshFile(credential({ token: 'first', expirationTimestamp: '2020-01-01T00:00:00Z' }));
    let valid = 'Bearer first';
    const server = await serveOne({ knows: (asked) => bearer(asked) === valid });
    const { store, runs } = openWith(server, 'print', given);
    await ask(store);
    write(given, credential({ token: 'second', expirationTimestamp: '2120-01-01T00:00:00Z' }));
    valid = 'Bearer second';
    moveClock(10_100);
    await ask(store);
    expect(server.asked.map(bearer)).toEqual(['Bearer first', 'Bearer second']);
    write(given, credential({ token: 'third' }));
    valid = 'Bearer third';
    moveClock(1_100);
    await ask(store);
    expect(server.asked.slice(2).map(bearer)).toEqual(['Bearer second', 'Bearer third']);
    expect(runs()).toHaveLength(3);
  });

  it('may give certificates', async () => {
    const authority = createAuthority();
    const { cert, key } = authority.issue('by program');
    const server = await serveOne({ authority });
    const given = freshFile(credential({ clientCertificateData: cert, clientKeyData: key }));
    await ask(openWith(server, 'print', given).store);
    expect(server.asked.map(({ client }) => client)).toEqual(['by program']);
  });

  it('may stand beside the kubeconfig', async () => {
    const server = await serveOne({ knows: (asked) => bearer(asked) === 'Bearer beside' });
    const script = freshFile(`#!/bin/sh\necho '${JSON.stringify(credential({ token: 'beside' }))}'\n`);
    chmodSync(script, 0o755);
    const user = { token: undefined, exec: { command: `./${basename(script)}` } };
    expect(await ask(openFiles(freshFile(withUser(kubeconfig({ server: server.url, ca: server.ca }), user))))).toBe(1);
  });

  const EXPECTED = `${process.execPath} `;

  it.each<{ what: string; act: 'print' | 'fail'; printed: string; why: string }>([
    { what: 'fails', act: 'fail', printed: SECRET, why: 'ended with 3; run it by hand to see why' },
    { what: 'prints no JSON', act: 'print', printed: SECRET, why: 'printed no ExecCredential' },
    {
      what: 'prints half of it',
      act: 'print',
      printed: `{"status":{"token":"${SECRET}`,
      why: 'printed no ExecCredential',
    },
    { what: 'prints no status', act: 'print', printed: `{"token":"${SECRET}"}`, why: 'printed no ExecCredential' },
    { what: 'prints nothing', act: 'print', printed: '', why: 'printed no ExecCredential' },
  ])('that $what is named, without what it printed, until it is mended', async ({ act, printed, why }) => {
    const server = await serveOne();
    const file = freshFile(printed);
    const { store } = openWith(server, act, file);
    const error = await errorOf(ask(store));
    expect(error).toBeInstanceOf(Unavailable);
    expect(String(error)).toContain(`(${EXPECTED}${why}); set KUBECONFIG to a kubeconfig that works`);
    expect(wordsOf(error)).not.toMatch(new RegExp(ESCAPED));
    write(file, credential({ token: 'good' }));
    expect(await ask(store)).toBe(1);
  });

  it('that is not there is named', async () => {
    const server = await serveOne();
    const user = { token: undefined, exec: { command: 'no-such-program-here' } };
    const store = openFiles(freshFile(withUser(kubeconfig({ server: server.url, ca: server.ca }), user)));
    expect(String(await errorOf(ask(store)))).toContain('(no-such-program-here cannot be run (ENOENT))');
  });

  const isAlive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  it('that hangs is ended after fifteen seconds', async () => {
    const server = await serveOne({ tls: false });
    stopTimers();
    server.trouble(() => 'silence');
    const { store, runs } = openWith(server, 'hang', server.url);
    const asking = errorOf(ask(store));
    await server.seen(1);
    const [{ pid = 0 } = {}] = runs();
    expect(isAlive(pid)).toBe(true);
    jest.advanceTimersByTime(15_000);
    expect(String(await asking)).toContain('gave no credentials within 15 seconds); set KUBECONFIG');
    while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
  });
});
