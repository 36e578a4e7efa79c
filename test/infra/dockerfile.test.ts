/** The image of all functions, as far as it can be told without an engine that builds it. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { functionNames, ofKind, ROOT, render } from '../support/manifests.ts';
import { podsOf } from '../support/pods.ts';

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** The instructions of a Dockerfile, each on one line. */
const instructionsOf = (text: string): readonly Instruction[] =>
  text
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ name: line.split(' ', 1)[0] ?? '', rest: line.slice(line.indexOf(' ') + 1).trim() }));

const instructions = instructionsOf(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
const restsOf = (name: string, among = instructions) =>
  among.filter((one) => one.name === name).map(({ rest }) => rest);
const final = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));

const IMAGES = ['NODE_IMAGE', 'RUNTIME_IMAGE', 'OPA_IMAGE'];

describe('the Dockerfile', () => {
  it('knows no image but those that are given to it, and no digest that nobody looked up', () => {
    const beforeStages = instructions.slice(
      0,
      instructions.findIndex(({ name }) => name === 'FROM'),
    );
    expect(beforeStages.map(({ name, rest }) => `${name} ${rest}`)).toEqual(IMAGES.map((image) => `ARG ${image}`));
    const from = restsOf('FROM').map((rest) => /^\$\{(\w+)\}(?: AS \w+)?$/.exec(rest)?.[1]);
    expect(from).toEqual(['OPA_IMAGE', 'NODE_IMAGE', 'RUNTIME_IMAGE']);
  });

  const [check = ''] = restsOf('RUN');
  const isAccepted = (images: readonly string[]): boolean => {
    const env = Object.fromEntries(IMAGES.map((name, at) => [name, images[at]]));
    try {
      execFileSync('sh', ['-c', check], { env: { PATH: process.env.PATH, ...env }, stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  const PINNED = `example.com/image:1@sha256:${'0'.repeat(64)}`;

  it('takes images by their digests', () => {
    expect(isAccepted([PINNED, PINNED, PINNED])).toBe(true);
  });

  it.each([0, 1, 2])('takes no image without one, whichever it is (%i)', (at) => {
    for (const image of ['example.com/image:latest', '', `${PINNED}0`, `${PINNED}/a`])
      expect(isAccepted([PINNED, PINNED, PINNED].with(at, image))).toBe(false);
  });

  it('adds nothing from elsewhere, and keeps no tool that it built with', () => {
    expect(restsOf('ADD')).toEqual([]);
    expect(restsOf('RUN', final)).toEqual([]);
    expect(restsOf('COPY', final)).toEqual([
      '--from=opa --chmod=555 /opa /usr/local/bin/opa',
      '--from=build /src/dist/knative/ /app/',
      'infra/knative/func/start.mjs /app/start.mjs',
    ]);
    expect(restsOf('RUN').some((rest) => /curl|wget|apt|npm (install|i) /.test(rest))).toBe(false);
  });

  it('runs as the user, by number, that the pods run as', () => {
    const [user = ''] = restsOf('USER', final);
    expect(user).toMatch(/^\d+:\d+$/);
    const pods = podsOf(ofKind(render('knative/base'), 'serving.knative.dev', 'Service'));
    for (const { container } of pods) {
      const { runAsUser, runAsGroup } = container.securityContext as Record<string, number>;
      expect(`${runAsUser}:${runAsGroup}`).toBe(user);
    }
  });

  it('starts Node with the file that a container names', () => {
    expect(restsOf('ENTRYPOINT', final)).toEqual(['["/nodejs/bin/node"]']);
    expect(restsOf('CMD', final)).toEqual(['["/app/start.mjs"]']);
  });

  it('puts the compiler where compile-policy looks for it', () => {
    const pods = podsOf(ofKind(render('knative/base'), 'serving.knative.dev', 'Service'));
    const { container } = pods.find(({ name }) => name === 'Service compile-policy') ?? {};
    expect(container?.env).toContainEqual({ name: 'OPA_BIN', value: '/usr/local/bin/opa' });
  });

  it('copies nothing that .dockerignore keeps back, or that does not exist', () => {
    const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    const sent = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const copied = restsOf('COPY')
      .filter((rest) => !rest.startsWith('--from='))
      .flatMap((rest) => rest.split(' ').slice(0, -1));
    expect(ignored).toContain('*');
    expect(sent.toSorted()).toEqual(copied.map((path) => path.replace(/\/$/, '')).toSorted());
    for (const path of copied) expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
  });
});

describe('the image without an argument', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-status-'));
  beforeAll(() => {
    copyFileSync(join(ROOT, 'infra/knative/func/start.mjs'), join(folder, 'start.mjs'));
    for (const name of functionNames()) writeFileSync(join(folder, `${name}.mjs`), `process.stdout.write('${name}');`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const start = (env: Readonly<Record<string, string>>): string =>
    execFileSync(process.execPath, [join(folder, 'start.mjs')], { env, encoding: 'utf8', stdio: 'pipe' });

  it.each(functionNames())('runs %s where the Service is named so', (name) => {
    expect(start({ K_SERVICE: name })).toBe(name);
  });

  it.each<Readonly<Record<string, string>>>([
    {},
    { K_SERVICE: 'start' },
    { K_SERVICE: '../start' },
    { K_SERVICE: 'other' },
  ])('runs nothing for %o, and says what it could run', (env) => {
    expect(() => start(env)).toThrow('K_SERVICE: must be one of alert, compile-policy,');
  });
});
