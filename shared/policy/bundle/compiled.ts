/**
 * Policies compiled to machine code, each once: whoever asks for the same bundle meanwhile waits for the same work.
 *
 * A module may ask for what OPA's have, and nothing else.
 *
 * @see https://www.openpolicyagent.org/docs/wasm (the ABI)
 */
import { LRUCache } from 'lru-cache';
import type { Bundle } from './bundle.ts';
import { shownName, UnusableBundle } from './unusable-bundle.ts';
import { importedMemory } from './wasm-memory.ts';

const MEBIBYTE = 1_048_576;
/** Bytes of wasm whose machine code is kept; that takes a few times as much. */
const KEPT_BYTES = 64 * MEBIBYTE;
const KEPT_MODULES = 500;
/** Pages of 64 KiB that a module may want before it is asked anything: as much as a bundle may hold. */
const MOST_PAGES = 1_024;

/** What a module may import from `env`, and as what. */
const IMPORTS: ReadonlyMap<string, string> = new Map([
  ['memory', 'memory'],
  ['opa_abort', 'function'],
  ['opa_println', 'function'],
  ['opa_builtin0', 'function'],
  ['opa_builtin1', 'function'],
  ['opa_builtin2', 'function'],
  ['opa_builtin3', 'function'],
  ['opa_builtin4', 'function'],
]);

/** What every policy has that OPA compiled since version 0.28. */
const EXPORTS = [
  'builtins',
  'entrypoints',
  'opa_eval',
  'opa_heap_ptr_get',
  'opa_json_dump',
  'opa_json_parse',
  'opa_malloc',
  'opa_value_dump',
];

const compile = async (wasm: Uint8Array): Promise<WebAssembly.Module> => {
  try {
    return await WebAssembly.compile(wasm);
  } catch (cause) {
    throw new UnusableBundle('its wasm is not valid', { cause });
  }
};

const checkImports = (module: WebAssembly.Module): void => {
  const foreign = WebAssembly.Module.imports(module).find(
    (wanted) => wanted.module !== 'env' || IMPORTS.get(wanted.name) !== wanted.kind,
  );
  if (foreign === undefined) return;
  const name = shownName(`${foreign.module}.${foreign.name}`);
  throw new UnusableBundle(`its wasm imports the ${foreign.kind} ${name}, which no policy needs`);
};

const checkMemory = (wasm: Uint8Array): void => {
  const memory = importedMemory(wasm);
  if (memory === undefined) throw new UnusableBundle('its wasm imports no env.memory, so it was not compiled by OPA');
  const { minimum, maximum, isPlain } = memory;
  // A module that sets a limit itself could not be given memory with another one.
  if (!isPlain || maximum !== undefined)
    throw new UnusableBundle('its wasm imports a memory that is not as OPA wants it');
  if (minimum > MOST_PAGES)
    throw new UnusableBundle(`its wasm wants ${minimum} pages of memory at once, more than ${MOST_PAGES}`);
};

const checkExports = (module: WebAssembly.Module): void => {
  const found = new Set(
    WebAssembly.Module.exports(module).flatMap(({ name, kind }) => (kind === 'function' ? name : [])),
  );
  const missing = EXPORTS.find((name) => !found.has(name));
  if (missing !== undefined)
    throw new UnusableBundle(`its wasm has no function ${missing}, so it was not compiled by OPA 0.28 or newer`);
};

const checked = async ({ wasm }: Bundle): Promise<WebAssembly.Module> => {
  const module = await compile(wasm);
  checkImports(module);
  checkMemory(wasm);
  checkExports(module);
  return module;
};

/** Gives the module of a bundle. Rejects with `UnusableBundle`. */
export type Compiled = (bundle: Bundle) => Promise<WebAssembly.Module>;

/** Compiles, and keeps what was asked for lately. */
export const compiledModules = (): Compiled => {
  const modules = new LRUCache<string, Promise<WebAssembly.Module>>({ max: KEPT_MODULES, maxSize: KEPT_BYTES });
  return (bundle) => {
    const { digest, wasm } = bundle;
    const known = modules.get(digest);
    if (known !== undefined) return known;
    const module = checked(bundle);
    modules.set(digest, module, { size: wasm.length });
    // A failure is not kept: it costs little to find again, and memory may have been short.
    module.catch(() => modules.delete(digest));
    return module;
  };
};
