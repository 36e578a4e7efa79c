/**
 * A bundle's data: its `data.json` files, each under the path of the folder that it is in.
 *
 * @see https://www.openpolicyagent.org/docs/management-bundles (bundle file format)
 */
import { isJsonObject, type JsonObject } from '../../conditions/status.ts';
import { bundleJson } from './bundle-json.ts';
import type { Files } from './tar.ts';
import { shownName, UnusableBundle } from './unusable-bundle.ts';

const NAME = 'data.json';
const YAML = /^data\.ya?ml$/;

const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Sets a member that is only that, whatever its name: `__proto__` is one like the others. */
const setOwn = (target: object, key: string, value: unknown): void =>
  void Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });

/** Puts what a file holds into the data. Both are fresh, and nobody else's. */
const mergeInto = (target: JsonObject, more: JsonObject, file: string): void => {
  for (const [key, value] of Object.entries(more)) {
    const known = Object.hasOwn(target, key) ? target[key] : undefined;
    if (known === undefined) setOwn(target, key, value);
    else if (isJsonObject(known) && isJsonObject(value)) mergeInto(known, value, file);
    else throw new UnusableBundle(`${file}: says ${shownName(key)} again, which another data file says too`);
  }
};

/** The value as it stands under the folders of its file. */
const placed = (file: string, value: unknown): unknown =>
  file
    .split('/')
    .slice(0, -1)
    .reduceRight<unknown>((inner, folder) => Object.fromEntries([[folder, inner]]), value);

/** All data of a bundle; `undefined` where it has none. Throws `UnusableBundle`. */
export const readData = (files: Files): JsonObject | undefined => {
  const yaml = files.keys().find((file) => YAML.test(baseOf(file)));
  if (yaml !== undefined) throw new UnusableBundle(`${shownName(yaml)}: data must be JSON, as opa build writes it`);
  const names = [...files.keys()].filter((file) => baseOf(file) === NAME).sort();
  if (names.length === 0) return undefined;
  const data: JsonObject = {};
  for (const file of names) {
    const shown = shownName(file);
    const value = placed(file, bundleJson(shown, files.get(file) ?? new Uint8Array()));
    if (!isJsonObject(value)) throw new UnusableBundle(`${shown}: must be an object`);
    mergeInto(data, value, shown);
  }
  return data;
};
