/**
 * A bundle's manifest: which of its modules answers which entrypoint.
 *
 * @see https://www.openpolicyagent.org/docs/management-bundles (the `.manifest` file)
 */
import * as z from 'zod';
import { bundleJson, checkedBySchema } from './bundle-json.ts';
import type { Files } from './tar.ts';
import { UnusableBundle } from './unusable-bundle.ts';

const NAME = '.manifest';
const MOST_ENTRYPOINTS = 1_000;
const name = z.string().min(1).max(1_024);

const manifestSchema = z.object({
  revision: z.string().optional(),
  rego_version: z.int().min(0).max(9).optional(),
  wasm: z
    .array(z.object({ entrypoint: name, module: name }))
    .max(MOST_ENTRYPOINTS)
    .optional(),
});

export interface Manifest {
  readonly revision?: string;
  readonly regoVersion?: number;
  /** Rules by their path, such as `main/deny`, in the manifest's order. */
  readonly entrypoints?: readonly string[];
}

/** What the manifest says about the module of this name; nothing where there is none. Throws `UnusableBundle`. */
export const readManifest = (files: Files, module: string): Manifest => {
  const bytes = files.get(NAME);
  if (bytes === undefined) return {};
  const { revision, rego_version: regoVersion, wasm } = checkedBySchema(NAME, manifestSchema, bundleJson(NAME, bytes));
  const other = wasm?.find((resolver) => resolver.module.replace(/^\//, '') !== module)?.module;
  if (other !== undefined)
    throw new UnusableBundle(
      `${NAME}.wasm: names the module ${JSON.stringify(other.slice(0, 100))}, which is not there`,
    );
  return {
    ...(revision !== undefined && { revision }),
    ...(regoVersion !== undefined && { regoVersion }),
    ...(wasm !== undefined && { entrypoints: [...new Set(wasm.map(({ entrypoint }) => entrypoint))] }),
  };
};
