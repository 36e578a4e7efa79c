/**
 * Node's own modules are had from the process. To import one as an ES module reads every property of it for its namespace,
 * and those of `node:http` load all of Node's own fetch: 20 ms.
 */
import { isBuiltin } from 'node:module';
import { join, relative } from 'node:path';
import type { Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');

export const builtIns: Plugin = {
  name: 'built-ins',
  setup: (build) => {
    build.onResolve({ filter: /^(?:node:)?[a-z][\w/]*$/ }, ({ path, importer }) => {
      if (!isBuiltin(path)) return undefined;
      // One for each file that asks: what files share would be a file of its own, to be loaded as well.
      return {
        path: `${path} for ${relative(ROOT, importer)}`,
        namespace: 'built-in',
        pluginData: path,
        sideEffects: false,
      };
    });
    build.onLoad({ filter: /./, namespace: 'built-in' }, ({ pluginData }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(pluginData)});`,
    }));
  },
};
