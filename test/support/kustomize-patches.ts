/** The patches of kustomizations: as much of them as `infra` uses, and an error for what is more. */
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';
import { at } from './fields.ts';
import { applyMergePatch } from './rfc7396.ts';

type Path = readonly [step: string, ...rest: string[]];

/** RFC 6902, as far as `add` and `replace` go. */
const change = (node: unknown, [step, ...rest]: Path, value: unknown, op: string): unknown => {
  const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
  const [next, ...further] = rest;
  const changed = (old: unknown) => (next === undefined ? value : change(old, [next, ...further], value, op));
  if (Array.isArray(node)) return key === '-' ? [...node, value] : node.with(Number(key), changed(node[Number(key)]));
  if (!isJsonObject(node) || ((next !== undefined || op === 'replace') && !(key in node)))
    throw new Error(`${op}: there is no ${key}`);
  return { ...node, [key]: changed(node[key]) };
};

export const applyJsonPatch = (node: unknown, operations: readonly JsonObject[]): unknown =>
  operations.reduce((changed: unknown, { op, path, value }) => {
    const steps = String(path).slice(1).split('/');
    if (op === 'add' || op === 'replace') return change(changed, steps as unknown as Path, value, op);
    if (op !== 'test') throw new Error(`${op} is not rendered here`);
    if (!isDeepStrictEqual(at(changed, ...steps), value)) throw new Error(`test: ${path} is another`);
    return changed;
  }, node);

const isNamed = (items: unknown): items is readonly JsonObject[] =>
  Array.isArray(items) && items.every((item) => isJsonObject(item) && 'name' in item);

/** Lists of what has names, of Kubernetes' own kinds, are merged by name; all else as RFC 7396 has it. */
export const mergeStrategic = (target: unknown, patch: unknown): unknown => {
  if (isNamed(target) && isNamed(patch)) {
    const added = patch.filter(({ name }) => !target.some((item) => item.name === name));
    return [
      ...target.map((item) => mergeStrategic(item, patch.find(({ name }) => name === item.name) ?? {})),
      ...added,
    ];
  }
  if (!isJsonObject(target) || !isJsonObject(patch)) return applyMergePatch(target, patch);
  const names = new Set([...Object.keys(target), ...Object.keys(patch)]);
  return Object.fromEntries(
    [...names].map((name) => [name, name in patch ? mergeStrategic(target[name], patch[name]) : target[name]]),
  );
};
