/** What is in the bundles: what a function needs, and nothing that is nobody's business. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { isBuiltin, SourceMap } from 'node:module';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { MOST_BYTES, QUICK } from '../../infra/build/build.ts';
import type { Bundle } from '../../infra/build/bundle.ts';
import { builtBundles } from '../support/bundles-built.ts';
import { ROOT } from '../support/examples.ts';

const built = builtBundles();

const entryPoints = globSync('functions/*/{lambda,knative}.ts', { cwd: ROOT });
const names: readonly (readonly [name: string, runtime: string])[] = entryPoints
  .map((file) => [basename(dirname(file)), basename(file, '.ts')] as const)
  .toSorted();

const bundleOf = (name: string, runtime: string): Bundle => {
  const found = built.all().find((one) => one.name === name && one.runtime === runtime);
  if (found === undefined) throw new Error(`${name} has no bundle for ${runtime}`);
  return found;
};

/** The texts of a bundle's files with this ending, by their names. */
const textsOf = ({ entry }: Bundle, ending: string): ReadonlyMap<string, string> => {
  const folder = dirname(entry);
  return new Map(
    globSync(`*${ending}`, { cwd: folder }).map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
  );
};

/** The folders of the packages of which anything is in a bundle. */
const foldersIn = ({ inputs }: Bundle): readonly string[] => [
  ...new Set(inputs.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [])),
];

const packagesIn = (bundle: Bundle): readonly string[] =>
  foldersIn(bundle)
    .map((folder) => folder.replace(/^.*node_modules\//, ''))
    .toSorted();

/** What every function needs, and what loads it. */
const ALWAYS: readonly string[] = [
  ...['zod', 'pino', 'pino-std-serializers', '@pinojs/redact', 'quick-format-unescaped', 'safe-stable-stringify'],
  ...['sonic-boom', 'atomic-sleep', 'on-exit-leak-free'], // the log
  ...['cloudevents', 'ajv', 'ajv-formats', 'uuid'], // events over HTTP
  ...['@kubernetes/client-node', 'lru-cache', 'rfc4648'], // scans in a cluster
  ...['js-yaml', 'jsonpath-plus', 'openid-client', 'oauth4webapi', 'hpagent', 'agent-base'], // a kubeconfig
  ...['socks', 'socks-proxy-agent', 'smart-buffer', 'ip-address', 'debug', 'ms'], // its proxy
  ...['@smithy/core', '@smithy/signature-v4'], // EKS
  ...['jose', 'ipaddr.js'], // who sends, and keys of issuers
  ...['p-limit', 'yocto-queue'], // outputs
];

/** What evaluates policies over reports. */
const POLICIES = ['@open-policy-agent/opa-wasm', 'sprintf-js', 'yaml', 're2js', 'saxes', 'xmlchars'];

const MORE: Readonly<Record<string, readonly string[]>> = {
  'compile-policy': POLICIES,
  'evaluate-policy': POLICIES,
  alert: ['mustache'],
};

/** Where reports are in S3 and no runtime brings the client along, it comes with all that AWS wants of it. */
const S3 = /^(?:@aws-sdk\/|@aws\/|@smithy\/|bowser$)/;

const isKnown = (name: string, runtime: string, one: string): boolean =>
  ALWAYS.includes(one) ||
  (MORE[name] ?? []).includes(one) ||
  (name === 'evaluate-policy' && runtime === 'knative' && S3.test(one));

interface Locked {
  readonly dev?: boolean;
}
const locked = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages as Record<string, Locked>;

describe.each(names)('the bundle of %s for %s', (name, runtime) => {
  it('holds the project’s own code and what it is there to load, and no test, tool or development dependency', () => {
    const bundle = bundleOf(name, runtime);
    const own = bundle.inputs.filter((file) => !file.startsWith('node_modules/'));
    expect(own.filter((file) => !file.startsWith('shared/') && !file.startsWith(`functions/${name}/`))).toEqual([]);
    const found = packagesIn(bundle);
    expect(found.filter((one) => !isKnown(name, runtime, one))).toEqual([]);
    expect(foldersIn(bundle).filter((folder) => locked[folder]?.dev !== undefined)).toEqual([]);
  });

  it('needs nothing beside it but Node, and on Lambda the SDK that is there', () => {
    for (const [file, text] of textsOf(bundleOf(name, runtime), '.mjs')) {
      const imported = [...text.matchAll(/\b(?:from|import\(?)"([\w@./:-]+)"/g)].map(([, path]) => String(path));
      const missing = imported.filter((path) => {
        if (path.startsWith('.')) return !existsSync(join(dirname(bundleOf(name, runtime).entry), path));
        return !isBuiltin(path) && !path.startsWith('@aws-sdk/');
      });
      expect([file, missing]).toEqual([file, []]);
    }
  });

  it('tells no secret, and nothing of the machine that made it', () => {
    const SECRET = /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*\w|\bAKIA[0-9A-Z]{16}\b|\bey[\w-]+\.ey[\w-]+\.[\w-]+/;
    const texts = ['.mjs', '.mjs.map', '.txt'].flatMap((ending) => [...textsOf(bundleOf(name, runtime), ending)]);
    const telling = texts.filter(
      ([, text]) => SECRET.test(text) || text.includes(ROOT) || text.includes(`${homedir()}/`),
    );
    expect(telling.map(([file]) => file)).toEqual([]);
  });

  it('keeps its source maps apart', () => {
    const code = textsOf(bundleOf(name, runtime), '.mjs');
    expect([...code.values()].filter((text) => text.includes('sourceMappingURL'))).toEqual([]);
    expect([...textsOf(bundleOf(name, runtime), '.mjs.map').keys()].toSorted()).toEqual(
      [...code.keys()].map((file) => `${file}.map`).toSorted(),
    );
  });

  it('has source maps that lead to the line that was written', () => {
    const TEXT = 'must not hold more than';
    const [file, code] = [...textsOf(bundleOf(name, runtime), '.mjs')].find(([, text]) => text.includes(TEXT)) ?? [];
    const lines = String(code).split('\n');
    const line = lines.findIndex((one) => one.includes(TEXT));
    const map = JSON.parse(String(textsOf(bundleOf(name, runtime), '.mjs.map').get(`${file}.map`)));
    const { originalSource, originalLine } = new SourceMap(map).findEntry(line, lines[line]?.indexOf(TEXT) ?? 0) as {
      readonly originalSource: string;
      readonly originalLine: number;
    };
    const source: string = map.sourcesContent[map.sources.indexOf(originalSource)];
    expect(source.split('\n')[originalLine]).toContain(TEXT);
  });

  it('brings the licence of each package of which it holds code', () => {
    const [text = ''] = textsOf(bundleOf(name, runtime), 'LICENSES.txt').values();
    const listed = [...text.matchAll(/^-{80}\n\n(\S+) (\d\S*): (.+)$/gm)];
    expect(listed.map(([, one]) => one).toSorted()).toEqual(packagesIn(bundleOf(name, runtime)));
    const ALLOWED =
      /^(?:MIT|ISC|Apache-2\.0|0BSD|BSD-[23]-Clause|BlueOak-1\.0\.0|\(MIT OR [\w.-]+\)|MIT AND BSD-3-Clause)$/;
    expect(
      listed.map(([, one, , licence]) => `${one}: ${licence}`).filter((one) => !ALLOWED.test(one.split(': ')[1] ?? '')),
    ).toEqual([]);
  });
});

describe.each(names.filter(([name]) => QUICK.includes(name)))('the bundle of %s for %s', (name, runtime) => {
  it('is within the budget of those that start with every event', () => {
    expect(bundleOf(name, runtime).bytes).toBeLessThanOrEqual(MOST_BYTES);
  });
});
