/**
 * Node's own modules are had from the process. To import one as an ES module reads every property of it for its namespace,
 * and those of `node:http` load all of Node's own fetch: 20 ms.
 */
import { isBuiltin } from 'node:module';
import { join, relative } from 'node:path';
import type { Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');

/** Each name is had when it is asked for by somebody, and is not there otherwise. */
const asModule = (name: string): string => {
  const names = Object.keys(process.getBuiltinModule(name) ?? {}).filter((one) => /^[A-Za-z_]\w*$/.test(one));
  return [
    `const all = /* @__PURE__ */ process.getBuiltinModule(${JSON.stringify(name)});`,
    'const own = (name) => all[name];',
    ...names.filter((one) => one !== 'default').map((one) => `export const ${one} = /* @__PURE__ */ own('${one}');`),
    'export default all;',
  ].join('\n');
};

const asRequired = (name: string): string => `module.exports = process.getBuiltinModule(${JSON.stringify(name)});`;

export const builtIns: Plugin = {
  name: 'built-ins',
  setup: (build) => {
    build.onResolve({ filter: /^(?:node:)?[a-z][\w/]*$/ }, ({ path, importer, kind }) => {
      if (!isBuiltin(path)) return undefined;
      const pluginData = kind === 'require-call' ? asRequired(path) : asModule(path);
      // One for each file that asks: what files share would be a file of its own, to be loaded as well.
      const asked = `${path} ${kind} ${relative(ROOT, importer)}`;
      return { path: asked, namespace: 'built-in', pluginData, sideEffects: false };
    });
    build.onLoad({ filter: /./, namespace: 'built-in' }, ({ pluginData }) => ({ contents: pluginData }));
  },
};
