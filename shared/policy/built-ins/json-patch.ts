/**
 * `json.patch`: RFC 6902 as OPA has it (v1/topdown/json.go: applyPatches).
 *
 * OPA forgives leading slashes, takes paths as arrays of keys as well, and lets `-` and `add` alone append.
 */
import { anything, array, type Family, int64, object, set, takes, text, Undefined, Unsupported } from './operands.ts';
import { termText } from './terms.ts';

/** What is patched: a copy, changed in place. */
type Node = unknown[] | Record<string, unknown>;

/** The document, as the value of its only key. */
interface Root {
  value?: unknown;
}

interface Patching {
  readonly root: Root;
  readonly copy: (term: unknown) => unknown;
}

type Fields = Readonly<Record<string, unknown>>;

const INDEX = /^(?:0|[+-]?[1-9]\d{0,17}|[+-]0\d{0,17})(?:\.0*)?$/;

const isNode = (value: unknown): value is Node => array(value) || object(value);

const parsePath = (path: unknown): readonly unknown[] => {
  if (array(path)) return path;
  if (!text(path)) throw new Undefined('must be a path');
  if (path === '') return [];
  return path
    .replace(/^\/+/, '')
    .split('/')
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
};

const indexOf = (key: unknown, length: number): number => {
  if (key === '-') return length;
  if (int64(key)) return Number(key);
  if (text(key) && INDEX.test(key)) return Number(key);
  throw new Undefined('invalid type for indexing');
};

/** The key under which a node has a member, or may get one. */
const keyIn = (node: unknown, key: unknown): unknown => {
  if (set(node)) throw new Unsupported('a set cannot be patched here');
  if (!isNode(node)) throw new Undefined('expected composite type');
  return array(node) ? indexOf(key, node.length) : key;
};

const get = (node: unknown, key: unknown): unknown => {
  const at = keyIn(node, key);
  const exists = array(node) ? Object.hasOwn(node, Number(at)) : text(at) && Object.hasOwn(node as object, at);
  if (!exists) throw new Undefined('path does not exist');
  return (node as Record<string | number, unknown>)[at as string | number];
};

const insert = (node: unknown, key: unknown, value: unknown): void => {
  const at = keyIn(node, key);
  if (typeof at === 'number' && array(node)) {
    if (at < 0 || at > node.length) throw new Undefined('index for array insertion out of bounds');
    (node as unknown[]).splice(at, 0, value);
    return;
  }
  if (!text(at)) throw new Unsupported('a key that is no text cannot be added here');
  // Not by assignment: `__proto__` is a key like any other.
  Object.defineProperty(node, at, { value, enumerable: true, configurable: true, writable: true });
};

const remove = (node: unknown, key: unknown): void => {
  get(node, key);
  const at = keyIn(node, key);
  if (typeof at === 'number') (node as unknown[]).splice(at, 1);
  else delete (node as Record<string, unknown>)[String(at)];
};

/** The node above the place that a path names, and that place's key in it. */
const place = (root: Root, path: readonly unknown[]): readonly [node: unknown, key: unknown] => {
  const keys = ['value', ...path];
  let node: unknown = root;
  for (const key of keys.slice(0, -1)) node = get(node, key);
  return [node, keys.at(-1)];
};

const field = (operation: Fields, name: string): unknown => {
  if (!Object.hasOwn(operation, name)) throw new Undefined(`missing required attribute '${name}'`);
  return operation[name];
};

const isInside = (path: readonly unknown[], above: readonly unknown[]): boolean =>
  path.length > above.length && above.every((key, at) => String(key) === String(path[at]));

const MOST_VALUES = 1_000_000;

/** Copies values: all that one patch copies, and copies again, may be only so much. */
const copier = (): ((term: unknown) => unknown) => {
  let values = 0;
  const copy = (term: unknown): unknown => {
    values += 1;
    if (values > MOST_VALUES) throw new Unsupported(`it would copy more than ${MOST_VALUES} values`);
    if (array(term)) return term.map(copy);
    return object(term) ? Object.fromEntries(Object.entries(term).map(([name, value]) => [name, copy(value)])) : term;
  };
  return copy;
};

type Operation = (patching: Patching, path: readonly unknown[], operation: Fields) => void;

const OPERATIONS: ReadonlyMap<unknown, Operation> = new Map<unknown, Operation>([
  ['add', ({ root, copy }, path, operation) => insert(...place(root, path), copy(field(operation, 'value')))],
  ['remove', ({ root }, path) => remove(...place(root, path))],
  [
    'replace',
    ({ root, copy }, path, operation) => {
      const [node, key] = place(root, path);
      remove(node, key);
      insert(node, key, copy(field(operation, 'value')));
    },
  ],
  [
    'move',
    ({ root }, path, operation) => {
      const source = parsePath(field(operation, 'from'));
      if (isInside(path, source)) throw new Undefined('a value cannot be moved into itself');
      const from = place(root, source);
      const value = get(...from);
      remove(...from);
      insert(...place(root, path), value);
    },
  ],
  [
    'copy',
    ({ root, copy }, path, operation) => {
      const value = get(...place(root, parsePath(field(operation, 'from'))));
      insert(...place(root, path), copy(value));
    },
  ],
  [
    'test',
    ({ root }, path, operation) => {
      const found = get(...place(root, path));
      if (termText(found) !== termText(field(operation, 'value'))) throw new Undefined('the test failed');
    },
  ],
]);

const patch = (document: unknown, operations: readonly unknown[]): unknown => {
  const copy = copier();
  const root: Root = { value: copy(document) };
  for (const operation of operations) {
    if (!object(operation)) throw new Undefined('must be an array of JSON-Patch objects');
    const path = parsePath(field(operation, 'path'));
    const apply = OPERATIONS.get(field(operation, 'op'));
    if (apply === undefined) throw new Undefined('unrecognized op');
    apply({ root, copy }, path, operation);
  }
  return root.value;
};

export const JSON_PATCH: Family = [['json.patch', takes([anything, array], patch)]];
