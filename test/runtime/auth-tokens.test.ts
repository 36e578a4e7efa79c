/** Tokens in files: who shows one is let in, and no header that somebody makes up does more than be refused. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { authenticationOf, bearing, judged, judgedToken, stoppedClock } from '../support/auth-credentials.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { errorOf } from '../support/error-of.ts';

const folder = temporaryFolder();
const [FIRST, SECOND, THIRD] = ['first-token-0123456789', 'second-token-0123456789', 'third-token-0123456789'] as const;

const written = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

describe('a token in a file', () => {
  it('lets in who shows it, whichever line of whichever file it is, under the name of its credential', async () => {
    const [a, b, c] = [
      written('a', `${FIRST}\n`),
      written('b', `\r\n  ${SECOND}  \r\n\n${THIRD}`),
      written('c', 'another-credentials-token'),
    ];
    const authenticate = await authenticationOf([{ tokens: { files: [a, b] } }, { tokens: { files: [c] } }]);
    const tokens = [FIRST, SECOND, THIRD, 'another-credentials-token'];
    expect(await Promise.all(tokens.map((token) => judgedToken(authenticate, token)))).toEqual([
      'c-0',
      'c-0',
      'c-0',
      'c-1',
    ]);
    expect(await judged(authenticate, bearing(`bEaReR   ${FIRST}`))).toBe('c-0');
  });

  it('lets nobody in who shows a part of it, more than it, or another header', async () => {
    const authenticate = await authenticationOf([{ tokens: { files: [written('one', FIRST)] } }]);
    const headers = [
      ...['', 'Bearer', 'Bearer ', FIRST, `Basic ${FIRST}`, `Bearer\t${FIRST}`, `Bearer ${FIRST} ${FIRST}`],
      ...[
        `Bearer ${FIRST.slice(1)}`,
        `Bearer ${FIRST.slice(0, -1)}`,
        `Bearer ${FIRST}x`,
        `Bearer ${FIRST.toUpperCase()}`,
      ],
      `Bearer ${'x'.repeat(10_000_000)}`,
    ];
    for (const header of headers) expect(await judged(authenticate, bearing(header))).toBe(401);
    const twice = { headers: [...bearing(`Bearer ${FIRST}`).headers, ...bearing(`Bearer ${FIRST}`).headers], body: '' };
    expect(await judged(authenticate, twice)).toBe(401);
    expect(await judged(authenticate, { headers: [['x-authorization', `Bearer ${FIRST}`]], body: '' })).toBe(401);
  });

  it('may be replaced while it is in use, and stays in use while its successor is none', async () => {
    const file = written('rotated', FIRST);
    const { clocks, pass } = stoppedClock();
    const authenticate = await authenticationOf([{ tokens: { files: [file] } }], clocks);
    const next = async (text: string | undefined) => {
      if (text === undefined) rmSync(file);
      else writeFileSync(file, text);
      pass(10_000);
      return Promise.all([FIRST, SECOND].map((token) => judgedToken(authenticate, token)));
    };
    expect(await next(`${FIRST}\n${SECOND}\n`)).toEqual(['c-0', 'c-0']);
    expect(await next(SECOND)).toEqual([401, 'c-0']);
    for (const wrong of ['', 'short', undefined]) expect(await next(wrong)).toEqual([401, 'c-0']);
    expect(await next(FIRST)).toEqual(['c-0', 401]);
  });

  it.each<[what: string, text: string, problem: RegExp]>([
    ['none', '\n \n', /^wrong: holds no secret$/],
    ['a short one', `${FIRST}\nshort-secret-15\n`, /^wrong: line 2 is a secret of fewer than 16 characters$/],
    ['a long one', 'x'.repeat(4_097), /^wrong: line 1 is longer than 4096 characters$/],
    ['one with a gap', 'secret of several words', /^wrong: line 1 holds what is not visible ASCII$/],
    ['too many', `${FIRST}\n`.repeat(101), /^wrong: holds more than 100 secrets$/],
  ])('must not be %s, and it is told without a word of what the file holds', async (_, text, problem) => {
    const files = [written('wrong', text)];
    expect((await errorOf(authenticationOf([{ tokens: { files } }]))).message).toMatch(problem);
  });

  it('must be there from the start', async () => {
    const error = await errorOf(authenticationOf([{ tokens: { files: [join(folder, 'nowhere')] } }]));
    expect(error.message).toBe('nowhere: cannot be read');
  });
});

describe('any header authorization', () => {
  const jwtLike = fc.tuple(fc.base64String(), fc.json(), fc.base64String()).map(([header, payload, signature]) => {
    const part = Buffer.from(payload).toString('base64url');
    return `Bearer ${header.replace(/[=+/]/g, '-')}.${part}.${signature.replace(/[=+/]/g, '_')}`;
  });
  const headers = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 100 }),
    fc.string({ unit: 'grapheme', maxLength: 100 }).map((text) => `Bearer ${text}`),
    fc.stringMatching(/^Bearer +[!-~]{1,200}$/),
    jwtLike,
  );

  it('is answered with 401, and with nothing else', async () => {
    const oidc = { issuer: 'https://issuer.example', audience: 'scan-status', subjects: '*' };
    const authenticate = await authenticationOf([{ tokens: { files: [written('fuzz', FIRST)] } }, { oidc }]);
    await fc.assert(
      fc.asyncProperty(headers, async (header) => {
        expect(await judged(authenticate, bearing(header))).toBe(401);
      }),
      { numRuns: 1_000 },
    );
  });
});
