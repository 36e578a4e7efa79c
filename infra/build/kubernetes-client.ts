/**
 * The Kubernetes client without what these functions never ask it for: the models of every kind, and the calls of all APIs
 * but the one for objects of any kind. Sixteen of its nineteen megabytes need not even be read, and objects pass as the JSON
 * that they are, which is how all of ours are read.
 *
 * The client's next version may be laid out differently: then the build fails, not the function.
 */
import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import { OBJECT_CALLS } from '../../shared/scans/object-calls.ts';

/** A file of the client. */
export const IN_CLIENT = /\/@kubernetes\/client-node\/dist\//;

/** The one API that is called by its methods. */
const API = 'CustomObjectsApi';

const MODELS = /^(?:import|export) .*["'](?:\.\.\/models\/|\.\/models\/all\.js).*$/gm;
const MODELS_BY_NAME = /^let typeMap = \{.*?^\};?$/ms;

const withoutModels = (source: string): string => {
  if (!MODELS_BY_NAME.test(source)) throw new Error('the Kubernetes client lists its models otherwise than before');
  return source.replaceAll(MODELS, '').replace(MODELS_BY_NAME, 'let typeMap = {};');
};

/** The import in front of each class is of what the class builds on. */
const CLASSES = /^(?=import \{ [^}]*\} from "(?:\.\.\/apis\/|\.\/ObservableAPI\.js)[^;]*;\nexport class )/m;

const withOneClass = (source: string): string => {
  // Nothing is split off where nothing stands in front.
  const [head = '', ...classes] = `\n${source}`.split(CLASSES);
  const ours = classes.filter((text) => text.includes(`${API} {`));
  if (classes.length < 2 || ours.length !== 1)
    throw new Error('the Kubernetes client lists its APIs otherwise than before');
  return `${head}${ours[0]}`;
};

/** A method of a class with what is said of it. */
const METHOD = /^(?: {4}\/\*\*\n(?: {5}\*.*\n)*? {5}\*\/\n)? {4}(?:async )?(\w+)\(.*\) \{\n(?: {5}.*\n|\n)*? {4}\}\n/gm;

/** Each call is a method of several classes, in some of them with an ending. */
const KEPT = new Set<string>(['constructor', ...OBJECT_CALLS.flatMap((name) => [name, `${name}WithHttpInfo`])]);

const withOurCalls = (source: string): string => {
  const kept = source.replaceAll(METHOD, (method, name) => (KEPT.has(name) ? method : ''));
  const missing = OBJECT_CALLS.find(
    (name) => !new RegExp(`^ {4}(?:async )?${name}(?:WithHttpInfo)?\\(`, 'm').test(kept),
  );
  if (missing !== undefined) throw new Error(`the Kubernetes client has no ${missing}`);
  return kept;
};

const APIS = /^export \{([^}]*)\} from '\.\/types\/ObjectParamAPI\.js';$/m;

/** The names of the other APIs stay, because other files of the client name them. */
const withOneApi = (source: string): string => {
  const names =
    APIS.exec(source)?.[1]
      ?.split(',')
      .map((name) => name.trim().split(' as ')) ?? [];
  const others = names.flatMap(([, name]) => (name === undefined || name === API ? [] : [name]));
  if (names.length - others.length !== 1)
    throw new Error('the Kubernetes client exports its APIs otherwise than before');
  const missing = others.map((name) => `export class ${name} {}`);
  const own = `export { Object${API} as ${API} } from './types/ObjectParamAPI.js';`;
  return [source.replaceAll(MODELS, '').replace(APIS, own), ...missing].join('\n');
};

const CHANGED: readonly (readonly [file: RegExp, change: (source: string) => string])[] = [
  [/client-node\/dist\/gen\/index\.js$/, withOneApi],
  [/client-node\/dist\/gen\/types\/(?:ObjectParam|Observable)API\.js$/, (source) => withOurCalls(withOneClass(source))],
  [/client-node\/dist\/gen\/apis\/CustomObjectsApi\.js$/, withOurCalls],
  [/client-node\/dist\/gen\/models\/ObjectSerializer\.js$/, withoutModels],
];

export const kubernetesClient: Plugin = {
  name: 'kubernetes-client',
  setup: (build) => {
    // It does not say that its modules have no side effects. None matters to us, so only what is used is taken.
    build.onResolve({ filter: /^(?:@kubernetes\/client-node$|\.)/ }, async ({ path, pluginData, ...from }) => {
      if (pluginData === 'resolving' || (path.startsWith('.') && !IN_CLIENT.test(from.importer))) return undefined;
      const { resolveDir, importer, kind, namespace } = from;
      const resolved = await build.resolve(path, { resolveDir, importer, kind, namespace, pluginData: 'resolving' });
      return resolved.errors.length > 0 ? resolved : { ...resolved, sideEffects: false };
    });
    for (const [filter, change] of CHANGED) {
      build.onLoad({ filter }, async ({ path }) => ({ contents: change(await readFile(path, 'utf8')) }));
    }
  },
};
