/** Small modules of WebAssembly, put together byte by byte. */

/** Unsigned LEB128. */
const number = (value: number): readonly number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...number(Math.floor(value / 128))];
const text = (value: string): readonly number[] => {
  const bytes = Buffer.from(value);
  return [...number(bytes.length), ...bytes];
};
const list = (items: readonly (readonly number[])[]): readonly number[] => [...number(items.length), ...items.flat()];
const section = (id: number, items: readonly (readonly number[])[]): readonly number[] => {
  const content = list(items);
  return [id, ...number(content.length), ...content];
};

/** What an import is: its kind's byte, and what follows it. */
export const FUNCTION = [0, 0];
export const GLOBAL = [3, 0x7f, 0];
export const TABLE = [1, 0x70, 0, 1];
export const memory = (flags: number, ...limits: readonly number[]): readonly number[] => [
  2,
  flags,
  ...limits.flatMap(number),
];

export type Import = readonly [module: string, name: string, what: readonly number[]];

export const ABI_IMPORTS: readonly Import[] = [
  ['env', 'memory', memory(0, 2)],
  ['env', 'opa_abort', FUNCTION],
  ['env', 'opa_builtin0', FUNCTION],
];

export const ABI_EXPORTS = [
  'builtins',
  'entrypoints',
  'opa_eval',
  'opa_heap_ptr_get',
  'opa_json_dump',
  'opa_json_parse',
  'opa_malloc',
  'opa_value_dump',
];

const CUSTOM = [0, 5, 4, ...Buffer.from('name')];

/** A module with these imports, and a function that does nothing under each of these names. */
export const wasmModule = (imports: readonly Import[], exports: readonly string[] = ABI_EXPORTS): Uint8Array => {
  const functions = imports.filter(([, , what]) => what[0] === 0).length;
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...CUSTOM,
    ...section(1, [[0x60, 0, 0]]),
    ...section(
      2,
      imports.map(([module, name, what]) => [...text(module), ...text(name), ...what]),
    ),
    ...section(3, [[0]]),
    ...section(
      7,
      exports.map((name) => [...text(name), 0, functions]),
    ),
    ...section(10, [[2, 0, 0x0b]]),
  ]);
};
