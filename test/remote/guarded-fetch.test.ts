/** Fetching what strangers name, from servers that do what strangers’ servers may do. */
import type { LookupAddress } from 'node:dns';
import type { ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { type FetchSettings, guardedFetch } from '../../shared/remote/guarded-fetch.ts';
import { NotThere, RefusedSource } from '../../shared/remote/refused-source.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { errorOf } from '../support/error-of.ts';
import { type SourceServer, sourceServers } from '../support/source-servers.ts';

const serve = sourceServers();

const settingsFor = (server: Pick<SourceServer, 'ca'>, more: Partial<FetchSettings> = {}): FetchSettings => ({
  allows: () => true,
  privateAddresses: ['127.0.0.0/8'],
  maximum: 1_000,
  deadline: 10_000,
  ca: server.ca,
  ...more,
});

const fetchFrom = (server: SourceServer, path = '/', more: Partial<FetchSettings> = {}) =>
  guardedFetch(new URL(path, server.url), settingsFor(server, more));

const redirect = (response: ServerResponse, location: string, status = 302): void => {
  response.writeHead(status, { location }).end('moved');
};

/** A resolver that answers these in turn, and what it was asked. */
const resolver = (...answers: readonly (readonly string[])[]) => {
  const asked: string[] = [];
  const resolve = async (name: string): Promise<readonly LookupAddress[]> => {
    asked.push(name);
    const answer = answers[Math.min(asked.length, answers.length) - 1] ?? [];
    return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { asked, resolve };
};

describe('a source', () => {
  it('is fetched: its status, its header fields and its bytes', async () => {
    const bytes = Buffer.from([0, 1, 0xff, 0xfe]);
    const server = await serve((_, response) => response.setHeader('etag', '"1"').end(bytes));
    const { status, headers, body } = await fetchFrom(server, '/a/report.json?version=2');
    expect(status).toBe(200);
    expect(headers.etag).toBe('"1"');
    expect(Buffer.from(body)).toEqual(bytes);
    expect(server.asked[0]?.url).toBe('/a/report.json?version=2');
    expect(server.asked[0]?.headers['user-agent']).toBe('scan-status');
    // Sooner than either side would close a connection that is idle.
    await server.quiet();
    expect(server.connections()).toEqual({ made: 1, open: 0 });
  }, 3_000);

  it('of exactly as many bytes as are allowed is fetched, also in pieces', async () => {
    const server = await serve((_, response) => {
      response.write('a'.repeat(400));
      response.end('a'.repeat(600));
    });
    expect((await fetchFrom(server)).body).toHaveLength(1_000);
  });

  it('that has not changed is said to be unchanged', async () => {
    const server = await serve((request, response) =>
      response.writeHead(request.headers['if-none-match'] === '"1"' ? 304 : 200).end(),
    );
    expect((await fetchFrom(server, '/', { headers: { 'if-none-match': '"1"' } })).status).toBe(304);
  });

  it.each([404, 410])('that is not there is refused for good: %d', async (status) => {
    const server = await serve((_, response) => response.writeHead(status).end('nothing'));
    const error = await errorOf(fetchFrom(server, '/a?token=secret'));
    expect(error).toBeInstanceOf(NotThere);
    expect(error.message).toBe(`${server.url}/a is not there`);
  });

  it.each([401, 403, 408, 425, 429, 500, 502, 503, 504])('that answers %d may be had another time', async (status) => {
    const server = await serve((_, response) => response.writeHead(status).end('later'));
    const error = await errorOf(fetchFrom(server, '/a'));
    expect(error).toBeInstanceOf(Unavailable);
    expect(error.message).toBe(`${server.url}/a answered ${status}`);
  });

  it.each([206, 300, 400, 405, 416, 418, 451])('that answers %d is refused', async (status) => {
    const server = await serve((_, response) => response.writeHead(status).end('no'));
    const error = await errorOf(fetchFrom(server, '/a'));
    expect(error).toBeInstanceOf(RefusedSource);
    expect(error.message).toBe(`${server.url}/a answered ${status}`);
    await server.quiet();
  });

  it('that nobody serves may be had another time', async () => {
    const server = await serve((request) => request.socket.destroy());
    expect(String(await errorOf(fetchFrom(server)))).toMatch(
      /^Unavailable: https:\/\/127\.0\.0\.1:\d+ cannot be reached \(\S.*\)$/,
    );
    const nobody = guardedFetch(new URL('https://127.0.0.1:1/'), settingsFor(server));
    expect(String(await errorOf(nobody))).toBe('Unavailable: https://127.0.0.1:1 cannot be reached (ECONNREFUSED)');
  });

  it('of a server that nobody vouches for may be had another time', async () => {
    const [server, other] = [await serve((_, response) => response.end()), await serve(() => undefined)];
    const error = await errorOf(fetchFrom(server, '/', { ca: other.ca }));
    expect(error).toBeInstanceOf(Unavailable);
    expect(error.message).toMatch(/cannot be reached \(\S*(SELF_SIGNED|UNABLE_TO|CERT)\S*\)/);
    expect(server.asked).toEqual([]);
  });
});

describe('a URL is refused', () => {
  it.each([
    ['ftp://reports.example/a', 'ftp://reports.example/a is neither https nor http'],
    ['file:///etc/passwd', 'file:///etc/passwd is neither https nor http'],
    ['https://me@reports.example/a', 'https://reports.example/a holds a name or password'],
    ['https://:secret@reports.example/a', 'https://reports.example/a holds a name or password'],
    ['https://169.254.169.254/latest', '169.254.169.254 is not a public address'],
    ['https://2852039166/latest', '169.254.169.254 is not a public address'],
    ['https://0xa9fea9fe/latest', '169.254.169.254 is not a public address'],
    ['https://0251.0376.0251.0376/latest', '169.254.169.254 is not a public address'],
    ['https://169.254.43518./latest', '169.254.169.254 is not a public address'],
    ['https://[::1]/a', '::1 is not a public address'],
    ['https://[::ffff:169.254.169.254]/a', '::ffff:a9fe:a9fe is not a public address'],
    ['https://[fd00:ec2::254]/a', 'fd00:ec2::254 is not a public address'],
    ['https://10.0.0.1/a', '10.0.0.1 is not a public address'],
  ])('%s', async (url, problem) => {
    const { asked, resolve } = resolver(['93.184.216.34']);
    const error = await errorOf(guardedFetch(new URL(url), settingsFor({ ca: '' }, { resolve })));
    expect(error).toBeInstanceOf(RefusedSource);
    expect(error.message).toBe(problem);
    expect(asked).toEqual([]);
  });

  it('that is not allowed, and nobody is asked for its name', async () => {
    const { asked, resolve } = resolver(['127.0.0.1']);
    const settings = settingsFor({ ca: '' }, { resolve, allows: () => false });
    const error = await errorOf(guardedFetch(new URL('https://secret-in-name.evil.example/a'), settings));
    expect(error).toBeInstanceOf(RefusedSource);
    expect(error.message).toBe('https://secret-in-name.evil.example/a is not an allowed source');
    expect(asked).toEqual([]);
  });
});

describe('a name', () => {
  const OPEN = 'http://reports.invalid';

  it('is resolved once, and the connection goes to what was checked', async () => {
    const server = await serve((request, response) => response.end(request.headers.host), { tls: false });
    const { asked, resolve } = resolver(['127.0.0.1'], ['169.254.169.254']);
    const { body } = await guardedFetch(new URL(`${OPEN}:${server.port}/a`), settingsFor(server, { resolve }));
    expect(Buffer.from(body).toString()).toBe(`reports.invalid:${server.port}`);
    expect(asked).toEqual(['reports.invalid']);
  });

  it('is who the certificate must be of, not the address', async () => {
    const server = await serve((_, response) => response.end('hello'));
    const { resolve } = resolver(['127.0.0.1']);
    const at = (name: string) =>
      guardedFetch(new URL(`https://${name}:${server.port}/`), settingsFor(server, { resolve }));
    expect((await at('localhost')).status).toBe(200);
    expect(String(await errorOf(at('reports.invalid')))).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it.each([
    [['169.254.169.254'], '169.254.169.254'],
    [['93.184.216.34', '10.0.0.1'], '10.0.0.1'],
    [['127.0.0.1', '::1'], '::1'],
    [['fe80::1%eth0'], 'fe80::1%eth0'],
  ])('is refused where any of its addresses is not public: %j', async (addresses, refused) => {
    const server = await serve((_, response) => response.end(), { tls: false });
    const { resolve } = resolver(addresses);
    const error = await errorOf(guardedFetch(new URL(`${OPEN}:${server.port}/`), settingsFor(server, { resolve })));
    expect(error).toBeInstanceOf(RefusedSource);
    expect(error.message).toBe(`reports.invalid (${refused}) is not a public address`);
    expect(server.asked).toEqual([]);
  });

  it('that leads elsewhere by the time of a redirect is refused then', async () => {
    const server = await serve((_, response) => redirect(response, '/again'), { tls: false });
    const { asked, resolve } = resolver(['127.0.0.1'], ['169.254.169.254']);
    const url = `${OPEN}:${server.port}`;
    const error = await errorOf(guardedFetch(new URL(`${url}/a`), settingsFor(server, { resolve })));
    expect(error).toBeInstanceOf(RefusedSource);
    expect(error.message).toBe(
      `${url}/a redirects to reports.invalid (169.254.169.254), which is not a public address`,
    );
    expect(asked).toHaveLength(2);
    expect(server.asked).toHaveLength(1);
  });

  it('that has no address, or that nobody knows, may be had another time', async () => {
    const at = (resolve: FetchSettings['resolve']) =>
      errorOf(guardedFetch(new URL(OPEN), settingsFor({ ca: '' }, resolve && { resolve })));
    expect(String(await at(resolver([]).resolve))).toBe(`Unavailable: ${OPEN} cannot be reached (it has no address)`);
    expect(String(await at(undefined))).toMatch(
      /^Unavailable: http:\/\/reports\.invalid cannot be reached \((ENOTFOUND|EAI_AGAIN)\)$/,
    );
  });

  it('of this machine is no way around', async () => {
    const error = await errorOf(
      guardedFetch(new URL('https://localhost/'), settingsFor({ ca: '' }, { privateAddresses: [] })),
    );
    expect(error).toBeInstanceOf(RefusedSource);
    expect(error.message).toMatch(/^localhost \((127\.0\.0\.1|::1)\) is not a public address$/);
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('is followed: %d', async (status) => {
    const server = await serve(({ url }, response) =>
      url === '/a' ? redirect(response, 'b/../c?d=e#f', status) : response.end(url),
    );
    expect(Buffer.from((await fetchFrom(server, '/a')).body).toString()).toBe('/c?d=e');
  });

  it.each([
    ['http://169.254.169.254/latest/meta-data', '169.254.169.254, which is not a public address'],
    ['http://[::ffff:a9fe:a9fe]/', '::ffff:a9fe:a9fe, which is not a public address'],
    ['//10.0.0.1/a', '10.0.0.1, which is not a public address'],
    ['ftp://reports.example/a', 'ftp://reports.example/a, which is neither https nor http'],
    ['file:///etc/passwd', 'file:///etc/passwd, which is neither https nor http'],
    ['https://me:secret@reports.example/a', 'https://reports.example/a, which holds a name or password'],
    ['https://evil.example/a?token=secret', 'https://evil.example/a, which is not an allowed source'],
    ['https://', 'what is no URL'],
  ])('is refused to %s', async (location, problem) => {
    const server = await serve((_, response) => redirect(response, location));
    const allows = ({ hostname }: URL): boolean => hostname !== 'evil.example';
    const error = await errorOf(fetchFrom(server, '/a', { allows }));
    expect(error).toBeInstanceOf(RefusedSource);
    expect(error.message).toBe(`${server.url}/a redirects to ${problem}`);
    await server.quiet();
  });

  it('is followed as often as is allowed, and no more', async () => {
    const server = await serve(({ url = '' }, response) => {
      const left = Number(url.slice(1));
      return left === 0 ? response.end('there') : redirect(response, `/${left - 1}`);
    });
    expect((await fetchFrom(server, '/5')).status).toBe(200);
    expect((await fetchFrom(server, '/2', { maxRedirects: 2 })).status).toBe(200);
    const before = server.asked.length;
    const error = await errorOf(fetchFrom(server, '/6'));
    expect(error).toBeInstanceOf(RefusedSource);
    expect(error.message).toBe(`${server.url}/6 redirects more than 5 times`);
    expect(server.asked.length - before).toBe(6);
  });

  it('to itself ends', async () => {
    const server = await serve((_, response) => redirect(response, '/'));
    expect(await errorOf(fetchFrom(server))).toBeInstanceOf(RefusedSource);
    expect(server.asked).toHaveLength(6);
  });

  it('without a place to go is refused', async () => {
    const server = await serve((_, response) => response.writeHead(302).end());
    expect((await errorOf(fetchFrom(server, '/a'))).message).toBe(`${server.url}/a answered 302`);
  });

  it('takes what we send along within an origin, and only what is harmless to another, even on the way back', async () => {
    const first = await serve(
      ({ url }, response) => {
        if (url === '/a') redirect(response, '/b');
        else if (url === '/b') redirect(response, `${second.url}/c`);
        else response.end('there');
      },
      { tls: false },
    );
    const second = await serve((_, response) => redirect(response, `${first.url}/d`), { tls: false });
    const headers = { Authorization: 'Bearer secret', 'X-Api-Key': 'secret', Accept: 'text/plain' };
    await fetchFrom(first, '/a', { headers });
    const sent = [...first.asked, ...second.asked].map(({ url, headers: { authorization, accept, ...more } }) => [
      url,
      authorization,
      more['x-api-key'],
      accept,
    ]);
    expect(sent).toEqual([
      ['/a', 'Bearer secret', 'secret', 'text/plain'],
      ['/b', 'Bearer secret', 'secret', 'text/plain'],
      ['/d', undefined, undefined, 'text/plain'],
      ['/c', undefined, undefined, 'text/plain'],
    ]);
  });
});

describe('an answer', () => {
  it('that says that it is too large is not read', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 1_001 }).flushHeaders();
    });
    const error = await errorOf(fetchFrom(server, '/a'));
    expect(error).toBeInstanceOf(RefusedSource);
    expect(error.message).toBe(`${server.url}/a holds more than the 1000 bytes that are allowed`);
    await server.quiet();
  });

  it('without end is read to what is allowed', async () => {
    let written = 0;
    const server = await serve((_, response) => {
      const write = (): void => {
        written += 1_000;
        if (!response.destroyed) response.write(Buffer.alloc(1_000), write);
      };
      write();
    });
    const error = await errorOf(fetchFrom(server));
    expect(error).toBeInstanceOf(RefusedSource);
    expect(error.message).toContain('holds more than the 1000 bytes');
    await server.quiet();
    expect(written).toBeLessThan(50_000_000);
  });

  it('that says that it is smaller than it is ends where it said', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 3 }).end('abcdefgh');
    });
    expect(Buffer.from((await fetchFrom(server)).body).toString()).toBe('abc');
  });

  it('that says that it is larger than it is may be had another time', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 8 });
      response.write('abc', () => response.destroy());
    });
    expect(await errorOf(fetchFrom(server))).toBeInstanceOf(Unavailable);
  });

  it('that is compressed for the way is refused, and none is asked for', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000)));
    });
    const error = await errorOf(fetchFrom(server, '/a'));
    expect(error).toBeInstanceOf(RefusedSource);
    expect(error.message).toBe(`${server.url}/a has the content encoding gzip; it must have none`);
    expect(server.asked[0]?.headers['accept-encoding']).toBe('identity');
    await server.quiet();
  });

  it('with more header fields than anybody needs may be had another time', async () => {
    const server = await serve((_, response) => {
      for (let at = 0; at < 40; at += 1) response.setHeader(`x-${at}`, 'a'.repeat(1_000));
      response.end('hello');
    });
    expect(String(await errorOf(fetchFrom(server)))).toMatch(/^Unavailable: .* \(HPE_HEADER_OVERFLOW\)$/);
  });

  it('that is no HTTP may be had another time', async () => {
    const server = await serve(({ socket }) => socket.end('SSH-2.0-OpenSSH_9.7\r\n'), { tls: false });
    expect(String(await errorOf(fetchFrom(server)))).toMatch(
      /^Unavailable: \S+ cannot be reached \(HPE_INVALID_CONSTANT\)$/,
    );
  });
});

describe('time', () => {
  const SOON = 300;
  const late = (server: SourceServer, path = '/'): string =>
    `Unavailable: ${server.url}${path} gave no whole answer within 0.3 seconds`;

  it.each<{ what: string; answer: (response: ServerResponse) => void }>([
    { what: 'who never answers', answer: () => undefined },
    { what: 'who stops in the middle', answer: (response) => void response.writeHead(200).write('abc') },
    {
      what: 'who sends a byte at a time',
      answer: (response) => {
        const drip = setInterval(() => response.write('a'), 20);
        response.once('close', () => clearInterval(drip));
      },
    },
  ])('runs out for a server $what', async ({ answer }) => {
    const server = await serve((_, response) => answer(response));
    expect(String(await errorOf(fetchFrom(server, '/', { deadline: SOON })))).toBe(late(server));
    await server.quiet();
  });

  it('runs out over many redirects together', async () => {
    const server = await serve(({ url = '' }, response) => {
      const timer = setTimeout(() => redirect(response, `/${Number(url.slice(1)) + 1}`), 100);
      response.once('close', () => clearTimeout(timer));
    });
    const error = await errorOf(fetchFrom(server, '/1', { deadline: SOON, maxRedirects: 100 }));
    expect(String(error)).toBe(late(server, '/1'));
    expect(server.asked.length).toBeLessThan(5);
  });

  it('runs out where a name is never resolved', async () => {
    const resolve = () => new Promise<never>(() => undefined);
    const settings = settingsFor({ ca: '' }, { resolve, deadline: SOON });
    expect(String(await errorOf(guardedFetch(new URL('https://reports.invalid/a'), settings)))).toBe(
      'Unavailable: https://reports.invalid/a gave no whole answer within 0.3 seconds',
    );
  });
});

describe('what is sent', () => {
  const send = { method: 'POST', body: '{"é":1}' } as const;

  it.each(['POST', 'PUT'] as const)('arrives whole: %s', async (method) => {
    const server = await serve(async (request, response) =>
      response.end(`${request.method} ${request.headers['content-length']} ${await text(request)}`),
    );
    const { body } = await fetchFrom(server, '/in', { send: { ...send, method }, headers: { 'x-key': 'secret' } });
    expect(Buffer.from(body).toString()).toBe(`${method} 8 {"é":1}`);
    expect(server.asked[0]?.headers['x-key']).toBe('secret');
    await server.quiet();
  });

  it.each([202, 206, 304, 400, 404, 410, 429, 503])('is answered %d, which is given back', async (status) => {
    const server = await serve((_, response) => response.writeHead(status, { 'retry-after': '7' }).end());
    const answer = await fetchFrom(server, '/in', { send });
    expect(answer.status).toBe(status);
    expect(answer.headers['retry-after']).toBe('7');
  });

  it('is answered at length, or compressed, and what became of it is known', async () => {
    const server = await serve(({ url }, response) => {
      if (url === '/long') response.writeHead(503).end('a'.repeat(1_001));
      else response.writeHead(202, { 'content-encoding': 'gzip' }).end(gzipSync('taken'));
    });
    expect(await fetchFrom(server, '/long', { send })).toMatchObject({ status: 503, body: new Uint8Array() });
    expect(await fetchFrom(server, '/packed', { send })).toMatchObject({ status: 202, body: new Uint8Array() });
    await server.quiet();
  });

  it.each([301, 302, 303, 307, 308])('is not sent on to where a redirect leads: %d', async (status) => {
    const server = await serve((_, response) => redirect(response, '/else', status));
    const error = await errorOf(fetchFrom(server, '/in', { send }));
    expect(error).toBeInstanceOf(RefusedSource);
    expect(error.message).toBe(`${server.url}/in redirects what is sent to it`);
    expect(server.asked).toHaveLength(1);
  });

  it('goes over HTTPS alone, but to addresses of our own', async () => {
    const server = await serve((_, response) => response.end(), { tls: false });
    expect((await fetchFrom(server, '/in', { send })).status).toBe(200);
    const { resolve } = resolver(['93.184.216.34']);
    for (const url of ['http://reports.invalid/in', 'http://93.184.216.34/in']) {
      const error = await errorOf(
        guardedFetch(new URL(url), settingsFor({ ca: '' }, { resolve, send, deadline: 1_000 })),
      );
      expect(error).toBeInstanceOf(RefusedSource);
      expect(error.message).toBe(`${url} must be https: its address is public`);
    }
  });

  it('goes to no address that is not public', async () => {
    const error = await errorOf(guardedFetch(new URL('https://169.254.169.254/in'), settingsFor({ ca: '' }, { send })));
    expect(error).toBeInstanceOf(RefusedSource);
  });
});

it('shows no more of a URL than it must', async () => {
  const server = await serve((_, response) => response.writeHead(404).end());
  const error = await errorOf(fetchFrom(server, `/${'a'.repeat(1_000)}?X-Amz-Signature=secret`));
  expect(error.message.length).toBeLessThan(250);
  expect(error.message).not.toContain('secret');
});
