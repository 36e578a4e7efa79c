/**
 * What the functions never load of a package is left out of their bundles, and what they rarely do is put off.
 *
 * Nothing behaves otherwise for it: what is put off is the package itself, evaluated when it is first called, and what is
 * left out cannot be reached from shared/. A package that is laid out differently in its next version fails the build, not
 * the function.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import { IN_CLIENT, kubernetesClient } from './kubernetes-client.ts';

/** What the Kubernetes client calls of packages for the ways to log in, and the proxies, that few kubeconfigs name. */
const RARE: Readonly<Record<string, readonly string[]>> = {
  'openid-client': ['discovery', 'refreshTokenGrant', 'customFetch'],
  'jsonpath-plus': ['JSONPath'],
  socks: ['SocksClient'],
  'socks-proxy-agent': ['SocksProxyAgent'],
  hpagent: ['HttpProxyAgent', 'HttpsProxyAgent'],
  'js-yaml': ['load'],
};

/**
 * Stands for a function, a class or an object of the package. `require` of a module in the bundle is what makes esbuild
 * evaluate it late.
 */
const late = (name: string, exported: string): string => {
  const real = `require(${JSON.stringify(`used:${name}`)}).${exported}`;
  return `export const ${exported} = new Proxy(function () {}, {
    apply: (_, self, args) => Reflect.apply(${real}, self, args),
    construct: (_, args) => Reflect.construct(${real}, args),
    get: (_, key) => key === Symbol.toPrimitive ? () => ${real} : ${real}[key],
  });`;
};

const rarePackages: Plugin = {
  name: 'rare-packages',
  setup: (build) => {
    const resolveDir = import.meta.dirname;
    const names = new RegExp(`^(?:${Object.keys(RARE).join('|')})$`);
    build.onResolve({ filter: names }, ({ path, importer, kind }) =>
      kind === 'import-statement' && IN_CLIENT.test(importer)
        ? { path, namespace: 'rare', sideEffects: false }
        : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'rare' }, ({ path }) => ({
      contents: (RARE[path] ?? []).map((exported) => late(path, exported)).join('\n'),
      resolveDir,
    }));
    // Imports it, and so takes no more of it than is used.
    build.onResolve({ filter: /^used:/ }, ({ path }) => ({ path: path.slice('used:'.length), namespace: 'used' }));
    build.onLoad({ filter: /./, namespace: 'used' }, ({ path }) => ({
      contents: `export { ${(RARE[path] ?? []).join(', ')} } from ${JSON.stringify(path)};`,
      resolveDir,
    }));
  },
};

/** Modules that nothing of ours reaches, though packages import them, and what stands in their place. */
const LEFT_OUT: Readonly<Record<string, { readonly why: string; readonly exports?: readonly string[] }>> = {
  undici: {
    why: 'requests of the Kubernetes client go through shared/scans',
    exports: ['Agent', 'ProxyAgent', 'fetch'],
  },
  'thread-stream': { why: 'the log is written by this thread' },
  'supports-color': { why: 'nobody reads what debug prints in colours' },
  'json-bigint': { why: 'CE_USE_BIG_INT is not for these functions' },
  '@smithy/core/event-streams': { why: 'nothing is streamed to AWS or from it' },
};

const missing = (name: string, why: string): string =>
  `() => { throw new Error(${JSON.stringify(`${name} is not in this bundle: ${why}`)}); }`;

const leftOut: Plugin = {
  name: 'left-out',
  setup: (build) => {
    build.onResolve({ filter: new RegExp(`^(?:${Object.keys(LEFT_OUT).join('|')})$`) }, ({ path }) => ({
      path,
      namespace: 'left-out',
      sideEffects: false,
    }));
    build.onLoad({ filter: /./, namespace: 'left-out' }, ({ path }) => {
      const { why = '', exports = [] } = LEFT_OUT[path] ?? {};
      const stands = missing(path, why);
      const contents =
        exports.length > 0
          ? exports.map((exported) => `export const ${exported} = ${stands};`).join('\n')
          : `module.exports = ${stands};`;
      return { contents };
    });
  },
};

/** Modules of Node's own that the log loads at its start for one small thing, and that thing. */
const SMALL_THINGS: Readonly<Record<string, string>> = {
  worker_threads: 'module.exports = { isMainThread: true };',
  assert: 'module.exports = (value, problem) => { if (!value) throw new Error(problem); };',
};

const smallThings: Plugin = {
  name: 'small-things',
  setup: (build) => {
    const filter = new RegExp(`^(?:${Object.keys(SMALL_THINGS).join('|')})$`);
    build.onResolve({ filter }, ({ path, importer }) =>
      /\/node_modules\/(?:pino|sonic-boom)\//.test(importer) ? { path, namespace: 'small-things' } : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'small-things' }, ({ path }) => ({ contents: SMALL_THINGS[path] ?? '' }));
  },
};

/** Schemas are read here, and never written out as JSON Schema. */
const jsonSchemas: Plugin = {
  name: 'json-schemas',
  setup: (build) => {
    build.onLoad({ filter: /\/zod\/v4\/core\/(?:json-schema-processors|to-json-schema)\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const names = [...source.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name]) => name);
      if (names.length === 0) throw new Error('zod writes JSON Schemas otherwise than before');
      return { contents: names.map((name) => `export const ${name} = () => undefined;`).join('\n') };
    });
  },
};

export const packagePlugins: readonly Plugin[] = [rarePackages, leftOut, smallThings, jsonSchemas, kubernetesClient];
