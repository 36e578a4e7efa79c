/** What a namespace may have fetched. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { allowedFor, sourcesSchema } from '../../shared/remote/allow-list.ts';
import { bucketAndKey } from '../../shared/remote/source-url.ts';

const read = (namespaces: Readonly<Record<string, readonly string[]>>) => sourcesSchema.parse({ namespaces });
const allows = (prefix: string, url: string): boolean => allowedFor(read({ '*': [prefix] }), 'team-a')(new URL(url));

const PREFIX = 'https://reports.example/team-a/';

describe('a source is allowed', () => {
  it.each([
    [PREFIX, 'https://reports.example/team-a/report.json'],
    [PREFIX, 'https://reports.example/team-a/2026/11/report.json?version=2#top'],
    [PREFIX, 'https://reports.example/team-a/'],
    [PREFIX, 'HTTPS://REPORTS.example:443/team-a/report.json'],
    [PREFIX, 'https:\\\\reports.example\\team-a\\report.json'],
    [PREFIX, 'https://reports.example/other/../team-a/report.json'],
    [PREFIX, 'https://reports.example/other/%2e%2E/team-a/report.json'],
    [PREFIX, 'https://reports.example/team%2Da/report.json'],
    [PREFIX, 'https://reports.example/team-a/100%25.json'],
    [PREFIX, 'https://reports.example/team-a/a;v=1/report.json'],
    [PREFIX, 'https://reports.example/team-a/...'],
    ['https://reports.example/', 'https://reports.example'],
    ['https://reports.example:8443/', 'https://reports.example:8443/report.json'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/report.json'],
    ['https://xn--bcher-kva.example/', 'https://BÜCHER.example/report.json'],
    ['http://reports.build.svc/', 'http://reports.build.svc/report.json'],
    ['s3://scan-reports/team-a/', 's3://scan-reports/team-a/report.json'],
    ['s3://scan-reports/', 's3://scan-reports/team-b/a b.json'],
  ])('by %s: %s', (prefix, url) => {
    expect(allows(prefix, url)).toBe(true);
  });
});

describe('a source is not allowed', () => {
  it.each([
    [PREFIX, 'https://reports.example/team-a'],
    [PREFIX, 'https://reports.example/team-abc/report.json'],
    [PREFIX, 'https://reports.example/Team-A/report.json'],
    [PREFIX, 'https://reports.example/'],
    [PREFIX, 'https://reports.example//team-a/report.json'],
    [PREFIX, 'https://reports.example/team-a/../team-b/report.json'],
    [PREFIX, 'https://reports.example/team-a/%2e%2e/team-b/report.json'],
    [PREFIX, 'https://reports.example/team-a/.%2e/team-b/report.json'],
    [PREFIX, 'https://reports.example/team-a/..%2fteam-b/report.json'],
    [PREFIX, 'https://reports.example/team-a/..%5Cteam-b/report.json'],
    [PREFIX, 'https://reports.example/team-a/%252e%252e/team-b/report.json'],
    [PREFIX, 'https://reports.example/team-a/%25252E%25252E/team-b/report.json'],
    [PREFIX, 'https://reports.example/team-a/..%252fteam-b/report.json'],
    [PREFIX, 'https://reports.example/team-a/..;/team-b/report.json'],
    [PREFIX, 'https://reports.example/team-a/..;x=y/team-b/report.json'],
    [PREFIX, 'https://reports.example/team-a/report.json%00.txt'],
    [PREFIX, 'https://reports.example/team-a/report%0d%0a.json'],
    [PREFIX, 'https://reports.example/team-a/report%ff.json'],
    [PREFIX, 'https://reports.example/team-a/%zz'],
    [PREFIX, 'http://reports.example/team-a/report.json'],
    [PREFIX, 'https://reports.example:8443/team-a/report.json'],
    [PREFIX, 'https://reports.example./team-a/report.json'],
    [PREFIX, 'https://user@reports.example/team-a/report.json'],
    [PREFIX, 'https://:secret@reports.example/team-a/report.json'],
    [PREFIX, 'https://reports.example@evil.example/team-a/report.json'],
    [PREFIX, 'https://reports.example.evil.example/team-a/report.json'],
    [PREFIX, 'https://evil.example/https://reports.example/team-a/report.json'],
    [PREFIX, 'file:///team-a/report.json'],
    [PREFIX, 'data:text/plain,https://reports.example/team-a/'],
    ['s3://scan-reports/team-a/', 's3://scan-reports/team-b/report.json'],
    ['s3://scan-reports/team-a/', 's3://scan-reports-of-evil/team-a/report.json'],
    ['s3://scan-reports/team-a/', 's3://scan-reports/team-a/../team-b/report.json'],
    ['s3://scan-reports/team-a/', 's3://scan-reports/team-a/..%2Fteam-b/report.json'],
    ['s3://scan-reports/team-a/', 's3://scan-reports/team-a\\..\\team-b'],
    ['s3://scan-reports/team-a/', 's3://scan-reports:443/team-a/report.json'],
    ['s3://scan-reports/team-a/', 's3://scan-reports/team-a/report.json?versionId=1'],
    ['s3://scan-reports/team-a/', 'https://scan-reports/team-a/report.json'],
  ])('by %s: %s', (prefix, url) => {
    expect(allows(prefix, url)).toBe(false);
  });
});

describe('a namespace', () => {
  const sources = read({ 'team-a': [PREFIX], '*': ['https://shared.example/'] });
  const reads = (namespace: string, url: string): boolean => allowedFor(sources, namespace)(new URL(url));

  it('may have fetched what is its own, and what is everybody’s', () => {
    expect(reads('team-a', `${PREFIX}report.json`)).toBe(true);
    expect(reads('team-a', 'https://shared.example/report.json')).toBe(true);
  });

  it.each(['team-b', '*', '', 'constructor', '__proto__', 'toString'])(
    'may not have fetched what is another’s: %s',
    (namespace) => {
      expect(reads(namespace, `${PREFIX}report.json`)).toBe(false);
      expect(reads(namespace, 'https://shared.example/report.json')).toBe(true);
    },
  );

  it('may have nothing fetched where nothing is allowed', () => {
    expect(allowedFor(read({}), 'team-a')(new URL(PREFIX))).toBe(false);
  });
});

describe('a configuration', () => {
  const problemOf = (value: unknown): string => {
    const { error } = sourcesSchema.safeParse(value);
    const [issue] = error?.issues ?? [];
    return `${issue?.path.join('.')}: ${issue?.message}`;
  };

  it.each([
    ['reports', 'must be a URL'],
    ['ftp://reports.example/', 'must begin with https:// or s3://'],
    ['https://reports.example/team-a', 'must end with a slash: all below it is allowed'],
    ['https://reports.example/team-a/?x=/', 'must not hold a query or fragment'],
    ['https://reports.example/team-a/#/', 'must not hold a query or fragment'],
    ['https://me:secret@reports.example/', 'must not hold a name or password'],
    ['https://reports.example./', 'must name a host, without a dot at its end'],
    ['s3:///team-a/', 'must name a host, without a dot at its end'],
    ['s3://Scan_Reports/', 'must name a bucket'],
    ['s3://scan-reports/?a=b', 'must be s3://BUCKET/KEY and no more'],
    [`https://reports.example/${'a'.repeat(3_000)}/`, 'must not be longer than 2048 characters'],
    [
      'https://reports.example/a%2fb/',
      'must not hold what servers read in two ways: an encoded slash, backslash or dot segment, or a control character',
    ],
  ])('says what is wrong with the source %.60s', (prefix, problem) => {
    expect(problemOf({ namespaces: { 'team-a': [PREFIX, prefix] } })).toBe(`namespaces.team-a.1: ${problem}`);
  });

  it('says what else is wrong', () => {
    expect(problemOf({ namespaces: { Team_A: [] } })).toContain('namespaces.Team_A: ');
    expect(problemOf({ namespaces: {}, privateAddresses: ['10.0.0.0/8', '10.0.0.1'] })).toBe(
      'privateAddresses.1: must be a range of addresses such as 10.0.0.0/8',
    );
    expect(problemOf({ namespaces: {}, privateAdresses: [] })).toContain('privateAdresses');
    expect(problemOf({})).toContain('namespaces: ');
  });

  it('cannot name a namespace that no object could have', () => {
    const parsed = sourcesSchema.safeParse(JSON.parse(`{"namespaces": {"__proto__": ["${PREFIX}"]}}`));
    expect(parsed.success && allowedFor(parsed.data, 'team-a')(new URL(PREFIX))).toBe(false);
  });
});

describe('any path', () => {
  /** Parts that a path may be made of, honest or not. */
  const part = fc.constantFrom(
    ...[
      'a',
      'b',
      'ab',
      '',
      '.',
      '..',
      '...',
      'A',
      '%61',
      '%2e',
      '%2E.',
      '%2f',
      '..%2f',
      '%5c',
      '\\',
      '%252e',
      '%',
      ';',
    ],
  );
  const path = fc.array(part, { maxLength: 6 }).map((parts) => parts.join('/'));

  const decodedOften = (text: string, rounds = 5): string => {
    const once = text.replace(/%[0-9a-f]{2}/gi, (one) => String.fromCharCode(Number.parseInt(one.slice(1), 16)));
    return rounds === 0 ? once : decodedOften(once, rounds - 1);
  };

  /** What a server may take the path for that is sent: decoded again and again, for any separator, and then its dots. */
  const meant = (url: string): readonly string[] => {
    const kept: string[] = [];
    const segments = decodedOften(new URL(url).pathname.slice(1)).replaceAll('\\', '/').split('/');
    for (const [at, segment] of segments.entries()) {
      const name = segment.replace(/;.*$/, '');
      const isDots = name === '.' || name === '..';
      if (name === '..') kept.pop();
      if (!isDots) kept.push(segment);
      else if (at === segments.length - 1) kept.push('');
    }
    return kept;
  };

  it.each(['https', 's3'])('of %s that is allowed leads below the prefix, however often it is decoded', (scheme) => {
    let allowed = 0;
    fc.assert(
      fc.property(path, (raw) => {
        const url = `${scheme}://reports/${raw}`;
        if (!allows(`${scheme}://reports/a/`, url)) return;
        allowed += 1;
        const [first, ...more] = meant(url);
        expect(first).toBe('a');
        expect(more.length).toBeGreaterThan(0);
      }),
      { numRuns: 3_000 },
    );
    expect(allowed).toBeGreaterThan(50);
  });

  it('of plain names is allowed just where its folders are the prefix’s', () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'ab', 'a-b', 'ä', 'a b'), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(names, names, fc.boolean(), (folders, more, isBelow) => {
        const segments = isBelow ? [...folders, ...more] : more;
        const starts = segments.length > folders.length && folders.every((folder, at) => folder === segments[at]);
        const url = `https://reports/${segments.map(encodeURIComponent).join('/')}`;
        expect(allows(`https://reports/${folders.join('/')}/`, url)).toBe(starts);
      }),
    );
  });
});

describe('an s3 URL', () => {
  it.each([
    ['s3://scan-reports/team-a/report.json', 'team-a/report.json'],
    ['s3://scan-reports/a%20b/ü.json', 'a b/ü.json'],
    ['s3://scan-reports/a+b.json', 'a+b.json'],
    ['s3://scan-reports/a//b', 'a//b'],
  ])('%s names the key %s', (url, key) => {
    expect(bucketAndKey(new URL(url))).toEqual({ bucket: 'scan-reports', key });
  });

  it('of a bucket alone names no object', () => {
    expect(() => bucketAndKey(new URL('s3://scan-reports/'))).toThrow('s3://scan-reports/ names no object');
    expect(() => bucketAndKey(new URL('s3://scan-reports/a%2fb'))).toThrow('the source must not hold what servers');
  });
});
