/** The real compiler: texts of both versions of Rego, what it says of wrong ones, and what a policy may not use. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, jest } from '@jest/globals';
import { type CompiledRego, compileRego } from '../../shared/policy/compile.ts';
import { readOpaSetting } from '../../shared/runtime/config-policies.ts';
import { temporaryFolder } from '../support/cli-folder.ts';
import { runCommand } from '../support/cli-run.ts';
import { errorOf } from '../support/error-of.ts';

jest.setTimeout(60_000);

const opa = readOpaSetting();
const folder = temporaryFolder();

const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`;
const compile = (...text: readonly string[]): Promise<CompiledRego> => compileRego(lines(...text), { opa });
const problemOf = async (...text: readonly string[]): Promise<string> => {
  const { name, message } = await errorOf(compile(...text));
  expect(name).toBe('DoesNotCompile');
  return message;
};

const V1 = ['package policies', 'default isCompliant := false', 'isCompliant if input.currentVulnerability.Id == "a"'];
/** As such policies are found: of Rego before 1.0, with a function whose name is a keyword by now. */
const V0 = [
  'package policies',
  'default isCompliant = false',
  'violatingSeverities := ["Critical","UnknownSeverity"]',
  'contains(array, elem) = true {',
  '  array[_] = elem',
  '} else = false { true }',
  'isSafe(match) {',
  '  fails := contains(violatingSeverities, match.Ratings.Rating[_].Severity)',
  '  not fails',
  '}',
  'isCompliant = isSafe(input.currentVulnerability)',
];

describe('a text', () => {
  it.each<[entrypoint: string, version: string, text: readonly string[]]>([
    ['policies/isCompliant', 'v1', V1],
    ['policies/isCompliant', 'v0', V0],
    ['main/deny', 'v1', ['package main', 'deny contains msg if msg := input.bom.metadata.name']],
    ['main/deny', 'v0', ['package main', 'deny[msg] { msg := input.bom.metadata.name }']],
    [
      'main/deny',
      'v1',
      ['package main', 'import future.keywords.contains', 'import future.keywords.if', 'deny contains "a" if true'],
    ],
    ['scan/violations', 'v1', ['package scan', 'violations contains {"id": v.id} if some v in input.vulnerabilities']],
    ['policies/isCompliant', 'v1', ['package policies', 'import rego.v1', 'isCompliant if true']],
    [
      'policies/isCompliant',
      'v0',
      ['package policies', 'isCompliant { re_match("a", input.currentVulnerability.Id) }'],
    ],
  ])('compiles to %s, as Rego %s', async (entrypoint, regoVersion, text) => {
    const { bundle, digest, ...told } = await compile(...text);
    expect(told).toEqual({ entrypoint, regoVersion });
    expect(digest).toBe(`sha256:${createHash('sha256').update(bundle).digest('hex')}`);
    const manifest = /\{"revision".*\}/.exec(gunzipSync(bundle).toString('latin1'))?.[0] ?? '{}';
    expect(JSON.parse(manifest)).toMatchObject({ wasm: [{ entrypoint, module: '/policy.wasm' }] });
  });

  it('compiles to the same bytes each time, and another to others', async () => {
    const compiled = await Promise.all([V1, V0, V1, V0, [...V1, 'other := 1']].map((text) => compile(...text)));
    const [a, b, c, d, e] = compiled.map(({ digest }) => digest);
    expect([c, d]).toEqual([a, b]);
    expect(new Set([a, b, e]).size).toBe(3);
    expect(Buffer.compare(compiled[0]?.bundle ?? Buffer.of(), compiled[2]?.bundle ?? Buffer.of(1))).toBe(0);
  });

  it('may use the clock, which stands while it is evaluated', async () => {
    expect(await compile(...V1, 'isCompliant if time.now_ns() > 0')).toMatchObject({ regoVersion: 'v1' });
  });

  it('of many exceptions compiles', async () => {
    const ids = Array.from({ length: 5_000 }, (_, at) => `"CVE-2026-${at}"`).join(',\n');
    const { bundle } = await compile(...V1, `isCompliant if input.currentVulnerability.Id in {${ids}}`);
    expect(bundle.length).toBeLessThan(2 ** 20);
  });
});

describe('what is wrong with a text is told', () => {
  it.each<[what: string, text: readonly string[], problem: string]>([
    [
      'in Rego of today',
      [...V1, 'isCompliant if missing(input)'],
      'policy.rego:4:16: rego_type_error: undefined function missing',
    ],
    [
      'all that is wrong',
      [...V1, 'isCompliant if one(input)', 'isCompliant if two(input)'],
      'policy.rego:4:16: rego_type_error: undefined function one\npolicy.rego:5:16: rego_type_error: undefined function two',
    ],
    [
      'in Rego before 1.0, and not that it is before 1.0',
      V0.map((line) => line.replace('fails := contains', 'fails := containz')),
      'policy.rego:8:12: rego_type_error: undefined function containz',
    ],
    [
      'where a text before 1.0 cannot be read, and not where Rego of today could not',
      [...V0, 'isSafe(match) { match.x = [ }'],
      'policy.rego:12:29: rego_parse_error: unexpected } token',
    ],
    [
      'where a text of today cannot be read, and not where Rego before 1.0 could not',
      [...V1, 'isCompliant if { input.x == [ }'],
      'policy.rego:4:31: rego_parse_error: unexpected } token',
    ],
    [
      'where neither can read it',
      ['package policies', '', 'isCompliant ='],
      lines(
        'policy.rego:4:0: rego_parse_error: unexpected eof token',
        'policy.rego:4:0: rego_parse_error: unexpected eof token: expected rule value term (e.g., isCompliant[<nil>] = <VALUE> { ... })',
      ).trim(),
    ],
    [
      'that it calls itself',
      ['package main', 'deny contains msg if some msg in deny'],
      'policy.rego:2:1: rego_recursion_error: rule data.main.deny is recursive: data.main.deny -> data.main.deny',
    ],
    ['that it is empty', [''], 'policy.rego: rego_parse_error: empty module'],
    [
      'that it keeps no contract',
      ['package policies.strict', 'isCompliant if true', 'other := 1', 'other_one := 1'],
      'policy.rego: must be package policies with isCompliant, package main with deny, package scan with violations, and is package policies.strict with isCompliant, other, other_one',
    ],
  ])('%s', async (_, text, problem) => {
    expect(await problemOf(...text)).toBe(problem);
  });

  it.each<[what: string, text: readonly string[], problem: string]>([
    [
      'that it nests too deep',
      [`package main`, `deny contains ${'['.repeat(200_000)}`],
      'max parsing recursion depth exceeded',
    ],
    ['that it is no text', ['package \u0000'], 'rego_parse_error: illegal token'],
    ['that it has no rules', ['package main'], 'and is package main with no rules'],
    [
      'that it has the rule of another contract',
      ['package main', 'isCompliant = count(input.a)'],
      'and is package main with isCompliant',
    ],
    [
      'that its rule is a function',
      ['package main', 'deny(msg) := msg'],
      'policy.rego: 1 error occurred: rego_type_error: function data.main.deny used as reference, not called',
    ],
  ])('%s', async (_, text, problem) => {
    expect(await problemOf(...text)).toContain(problem);
  });

  it('in 4096 bytes, however much it is', async () => {
    const rules = Array.from({ length: 10_000 }, (_, at) => `rule_${at} := 1`);
    const message = await problemOf('package other', ...rules);
    expect(message).toMatch(/and is package other with rule_0, rule_1, /);
    expect(Buffer.byteLength(message)).toBeGreaterThan(4_000);
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4_096);
  });

  it('where the compiler does not come to an end', async () => {
    const text = lines(
      'package main',
      `deny contains "a" if {`,
      ...Array.from({ length: 20_000 }, (_, at) => `some x${at} in input`),
      '}',
    );
    expect(await errorOf(compileRego(text, { opa, deadline: 3_000 }))).toMatchObject({
      name: 'DoesNotCompile',
      message: 'policy.rego: the compiler takes longer than 3 seconds',
    });
  });
});

describe('a policy may not', () => {
  it.each(['http.send({})', 'rand.intn("a", 3)', 'opa.runtime()', 'net.lookup_ip_addr("a")', 'uuid.rfc4122("a")'])(
    'call %s',
    async (call) => {
      const name = call.replace(/\(.*/, '');
      for (const rule of [`isCompliant if ${call}`, `isCompliant { ${call} }`])
        expect(await problemOf('package policies', rule)).toMatch(
          new RegExp(
            `^policy.rego:2:\\d+: rego_type_error: undefined function ${name} \\(OPA has it, but a policy may not use it\\)$`,
          ),
        );
    },
  );

  it('load a schema from elsewhere', async () => {
    const asked: string[] = [];
    const server = createServer(({ url = '' }, response) => {
      asked.push(url);
      response.end('{"type":"object"}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const schema = `{"type":"object","properties":{"a":{"$ref":"http://127.0.0.1:${port}/schema.json"}}}`;
      const annotated = [
        'package policies',
        '# METADATA',
        '# schemas:',
        `#   - input: ${schema}`,
        'isCompliant if input.a.b',
      ];
      expect(await problemOf(...annotated)).toContain('remote reference loading disabled');
      expect(asked).toEqual([]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('the command policy', () => {
  const env = { OPA_BIN: opa };
  const write = (name: string, ...text: readonly string[]): string => {
    writeFileSync(join(folder, name), lines(...text));
    return name;
  };

  it('builds a bundle, and prints the digest that a scan would name', async () => {
    const file = write('strict.rego', ...V0);
    const { digest, bundle } = await compile(...V0);
    const stdout = `strict.rego: policies/isCompliant, in Rego v0\n${digest}\n`;
    expect(await runCommand('policy', ['build', file], { env, folder })).toEqual({ status: 0, stdout, stderr: '' });
    expect(Buffer.compare(readFileSync(join(folder, 'bundle.tar.gz')), bundle)).toBe(0);
    await runCommand('policy', ['build', file, '-o', 'other.tar.gz'], { env, folder });
    expect(Buffer.compare(readFileSync(join(folder, 'other.tar.gz')), bundle)).toBe(0);
  });

  it('checks a policy, and writes nothing', async () => {
    const file = write('fine.rego', ...V1);
    const before = readdirSync(folder);
    const { digest } = await compile(...V1);
    const stdout = `fine.rego: policies/isCompliant, in Rego v1\n${digest}\n`;
    expect(await runCommand('policy', ['check', file], { env, folder })).toEqual({ status: 0, stdout, stderr: '' });
    expect(readdirSync(folder)).toEqual(before);
  });

  it('answers 1 and what is wrong', async () => {
    const file = write('wrong.rego', ...V1, 'isCompliant if missing(input)');
    for (const command of ['check', 'build'])
      expect(
        await runCommand('policy', [command, file, ...(command === 'build' ? ['-o', 'wrong.tar.gz'] : [])], {
          env,
          folder,
        }),
      ).toEqual({
        status: 1,
        stdout: '',
        stderr: 'policy.rego:4:16: rego_type_error: undefined function missing\n',
      });
    expect(existsSync(join(folder, 'wrong.tar.gz'))).toBe(false);
  });
});
