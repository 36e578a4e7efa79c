/** The examples of the README and the docs, run as they stand: a `console` block is commands and what they print. */

import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DOCUMENTS, type Example, examplesOf, ROOT } from '../support/examples.ts';

/** What is shown on a cluster is run on one: see test/cluster/docs.test.ts. */
const ON_A_CLUSTER = new Set(['docs/kubernetes.md']);

const folder = mkdtempSync(join(tmpdir(), 'scan-status-'));
const environment = {
  ...process.env,
  PORT: '0',
  SCAN_STORE_PATH: join(folder, 'scans.db'),
  PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
};
let server: ChildProcess;
let url = '';

beforeAll(async () => {
  server = spawn(process.execPath, ['cli/start.ts'], {
    cwd: ROOT,
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: server.stdout as NodeJS.ReadableStream });
  const [line] = await once(lines, 'line');
  url = JSON.parse(String(line)).url;
});

afterAll(async () => {
  server.kill('SIGTERM');
  await once(server, 'exit');
  rmSync(folder, { recursive: true });
});

/** A machine without curl cannot run the examples that are about it; it says so instead of passing over them in silence. */
const canRun = ({ command }: Example): boolean => {
  const can = !command.startsWith('curl') || spawnSync('curl', ['--version']).status === 0;
  if (!can) process.stderr.write(`\nNOT RUN, because this machine has no curl: ${command}\n\n`);
  return can;
};

describe('the examples of the docs', () => {
  it.each(
    DOCUMENTS.filter((name) => !ON_A_CLUSTER.has(name))
      .flatMap(examplesOf)
      .filter(canRun),
  )('$document: $command', ({ command, output }) => {
    const run = command.replaceAll('http://127.0.0.1:8080', url);
    expect(execFileSync('sh', ['-c', run], { cwd: ROOT, env: environment, encoding: 'utf8' })).toBe(output);
  });

  it('begin with the two commands', () => {
    const [, first = ''] = /```sh\n(.*?)```/s.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? [];
    expect(first.split('\n').map((line) => line.split('#')[0]?.trim())).toEqual([
      'npm ci && npm start',
      'npm ci && npm test',
      '',
    ]);
  });
});

describe('what the docs say of the project', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const texts = [...DOCUMENTS, 'CONTRIBUTING.md'].map((name) => readFileSync(join(ROOT, name), 'utf8'));

  it('names no script that there is not', () => {
    const named = texts.flatMap((text) => [...text.matchAll(/npm run (?:-s )?([\w:]+)/g)].map(([, name = '']) => name));
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });

  it('links to no file that there is not', () => {
    const broken = DOCUMENTS.flatMap((document) =>
      [...readFileSync(join(ROOT, document), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)]
        .map(([, target = '']) => join(ROOT, document, '..', target))
        .filter((path) => readdirSync(join(path, '..')).includes(path.split('/').at(-1) ?? '') === false),
    );
    expect(broken).toEqual([]);
  });

  it('lists every function', () => {
    const folders = readdirSync(join(ROOT, 'functions'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    const [readme = ''] = texts;
    for (const { name } of folders) expect(readme).toContain(`| \`${name}\` |`);
  });
});
