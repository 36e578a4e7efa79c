/** Compiled policies: each once, and only what OPA may have made. */
import { describe, expect, it } from '@jest/globals';
import { type Bundle, readBundle } from '../../../shared/policy/bundle/bundle.ts';
import { compiledModules } from '../../../shared/policy/bundle/compiled.ts';
import { UnusableBundle } from '../../../shared/policy/bundle/unusable-bundle.ts';
import { importedMemory } from '../../../shared/policy/bundle/wasm-memory.ts';
import { fixture } from '../../support/bundles.ts';
import { errorOf } from '../../support/error-of.ts';
import {
  ABI_EXPORTS,
  ABI_IMPORTS,
  FUNCTION,
  GLOBAL,
  type Import,
  memory,
  TABLE,
  wasmModule,
} from '../../support/wasm.ts';

const bundleOf = async (wasm: Uint8Array): Promise<Bundle> => readBundle(wasm);
const REAL = fixture('unsigned.tar.gz');

describe('a policy', () => {
  it('of OPA is compiled', async () => {
    const module = await compiledModules()(await readBundle(REAL));
    expect(WebAssembly.Module.exports(module)).toContainEqual({ name: 'opa_eval', kind: 'function' });
  });

  it('is compiled once, for all who ask meanwhile and later', async () => {
    const compiled = compiledModules();
    const bundle = await readBundle(REAL);
    const [first, second] = await Promise.all([compiled(bundle), compiled(await readBundle(REAL))]);
    expect(first).toBe(second);
    expect(await compiled(bundle)).toBe(first);
    expect(await compiled(await bundleOf(bundle.wasm))).not.toBe(first);
    expect(await compiledModules()(bundle)).not.toBe(first);
  });

  it('is forgotten when many others were asked for', async () => {
    const compiled = compiledModules();
    const bundle = await bundleOf(wasmModule(ABI_IMPORTS));
    const first = await compiled(bundle);
    expect(await compiled(bundle)).toBe(first);
    for (let at = 0; at < 500; at += 1) {
      await compiled(
        await bundleOf(wasmModule([...ABI_IMPORTS, ['env', 'opa_abort', FUNCTION]], [...ABI_EXPORTS, `f${at}`])),
      );
    }
    expect(await compiled(bundle)).not.toBe(first);
  });

  it('of a byte array in the middle of a larger one is compiled', async () => {
    const wasm = wasmModule(ABI_IMPORTS);
    const larger = new Uint8Array(wasm.length + 20);
    larger.set(wasm, 10);
    const bundle: Bundle = { digest: 'sha256:0', wasm: larger.subarray(10, 10 + wasm.length) };
    expect(await compiledModules()(bundle)).toBeInstanceOf(WebAssembly.Module);
  });
});

describe('a module is refused', () => {
  const problemOf = async (wasm: Uint8Array): Promise<string> => {
    const error = await errorOf(compiledModules()(await bundleOf(wasm)));
    expect(error).toBeInstanceOf(UnusableBundle);
    return error.message;
  };

  it('that is not valid, each time it is asked for', async () => {
    const compiled = compiledModules();
    const bundle = await bundleOf(Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 99]));
    const errors = [await errorOf(compiled(bundle)), await errorOf(compiled(bundle))];
    expect(errors.map(String)).toEqual([
      'UnusableBundle: its wasm is not valid',
      'UnusableBundle: its wasm is not valid',
    ]);
    expect(errors[0]).not.toBe(errors[1]);
  });

  it.each<[string, Import]>([
    ['function env.opa_evil', ['env', 'opa_evil', FUNCTION]],
    ['function env.opa_builtin5', ['env', 'opa_builtin5', FUNCTION]],
    ['function wasi_snapshot_preview1.fd_write', ['wasi_snapshot_preview1', 'fd_write', FUNCTION]],
    ['function other.opa_abort', ['other', 'opa_abort', FUNCTION]],
    ['function env.memory', ['env', 'memory', FUNCTION]],
    ['global env.opa_abort', ['env', 'opa_abort', GLOBAL]],
    ['table env.table', ['env', 'table', TABLE]],
    ['memory env.memory2', ['env', 'memory2', memory(0, 1)]],
    ['function env.__proto__', ['env', '__proto__', FUNCTION]],
    [`function env.${'a'.repeat(96)}…`, ['env', 'a'.repeat(5_000), FUNCTION]],
  ])('that imports the %.60s', async (what, wanted) => {
    const imports = what.startsWith('memory') ? [wanted] : [...ABI_IMPORTS, wanted];
    expect(await problemOf(wasmModule(imports))).toBe(`its wasm imports the ${what}, which no policy needs`);
  });

  it.each<[string, readonly number[], string]>([
    [
      'more at once than a bundle may hold',
      memory(0, 1_025),
      'its wasm wants 1025 pages of memory at once, more than 1024',
    ],
    ['all that there is', memory(0, 65_536), 'its wasm wants 65536 pages of memory at once, more than 1024'],
    ['a limit of its own', memory(1, 2, 100), 'its wasm imports a memory that is not as OPA wants it'],
    ['what other threads share', memory(3, 2, 100), 'its wasm imports a memory that is not as OPA wants it'],
  ])('whose memory is %s', async (_, wanted, problem) => {
    expect(
      await problemOf(
        wasmModule([
          ['env', 'opa_abort', FUNCTION],
          ['env', 'memory', wanted],
        ]),
      ),
    ).toBe(problem);
  });

  it('whose memory has addresses of 64 bits', async () => {
    const wasm = wasmModule([['env', 'memory', memory(4, 2)]]);
    expect(await problemOf(wasm)).toMatch(/^its wasm (is not valid|imports a memory that is not as OPA wants it)$/);
  });

  it('that has a memory of its own, or none', async () => {
    const why = 'its wasm imports no env.memory, so it was not compiled by OPA';
    expect(await problemOf(wasmModule([['env', 'opa_abort', FUNCTION]]))).toBe(why);
    expect(await problemOf(wasmModule([]))).toBe(why);
    expect(await problemOf(Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]))).toBe(why);
  });

  it.each(ABI_EXPORTS)('that has no %s', async (name) => {
    const exports = ABI_EXPORTS.filter((other) => other !== name);
    expect(await problemOf(wasmModule(ABI_IMPORTS, exports))).toBe(
      `its wasm has no function ${name}, so it was not compiled by OPA 0.28 or newer`,
    );
  });
});

describe('the memory that a module wants', () => {
  it.each([0, 1, 127, 128, 1_024, 16_384, 65_536])('is told: %d pages', (pages) => {
    expect(importedMemory(wasmModule([['env', 'memory', memory(0, pages)]]))).toEqual({
      minimum: pages,
      isPlain: true,
    });
  });

  it('is that of OPA’s modules', async () => {
    expect(importedMemory((await readBundle(REAL)).wasm)).toEqual({ minimum: 2, isPlain: true });
  });
});
