/**
 * What a policy's module calls outside of itself: its memory, its built-ins, and the end.
 *
 * The built-ins are called by us and not by opa-wasm, whose own take the place of any that are passed to it and differ
 * from OPA's (`sprintf` above all).
 *
 * @see https://www.openpolicyagent.org/docs/wasm (the ABI)
 */
import type { JsonObject } from '../conditions/status.ts';
import { type BuiltIns, ForbiddenBuiltIn } from './built-ins/built-ins.ts';
import { OutOfMemory, PolicyFailure } from './policy-failure.ts';
import { readTerm, type TermExports, textAt, writeTerm } from './terms-in-wasm.ts';

/** Bytes of a page of wasm memory. */
const PAGE = 65_536;

/** What OPA's allocator says where the memory cannot grow (wasm/src/malloc.c). */
const ALLOCATION_FAILED = 'opa_malloc: failed';

interface Exports extends TermExports {
  readonly builtins: () => number;
}

/** Whatever a built-in throws ends the evaluation: undefined it would be another verdict. */
const failureOf = (name: string, error: unknown): unknown => {
  if (error instanceof OutOfMemory) return error;
  if (error instanceof ForbiddenBuiltIn) return new PolicyFailure(error.message, { cause: error });
  if (error instanceof RangeError)
    return new PolicyFailure(`${name}: its operands or its answer are too large, or too deep`, { cause: error });
  return new PolicyFailure(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
};

export class Host {
  readonly memory: WebAssembly.Memory;
  readonly #builtIns: BuiltIns;
  readonly #heaviest: number;
  #exports: Exports | undefined;
  #names: ReadonlyMap<number, string> = new Map();

  /**
   * All of the memory at once, in bytes: OPA's allocator asks for a page at a time, and each page more costs V8 a
   * collection of garbage. What is not used is only reserved. A value for a built-in may take `heaviest` bytes of heap.
   */
  constructor(builtIns: BuiltIns, memory: number, heaviest: number) {
    const pages = Math.ceil(memory / PAGE);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.#builtIns = builtIns;
    this.#heaviest = heaviest;
  }

  /** Learns which number the module gave to which built-in. Throws `PolicyFailure` for one that we do not have. */
  attach(exported: WebAssembly.Instance['exports']): void {
    const exports = exported as unknown as Exports;
    const numbers = this.#read(exports, exports.builtins()) as JsonObject;
    const missing = Object.keys(numbers).filter((name) => !this.#builtIns.has(name));
    if (missing.length > 0)
      throw new PolicyFailure(`the policy calls ${missing.sort().join(', ')}, which is not available here`);
    this.#names = new Map(Object.entries(numbers).map(([name, number]) => [Number(number), name]));
    this.#exports = exports;
  }

  imports(): WebAssembly.Imports {
    const call = (number: number, _: number, ...operands: readonly number[]): number => this.#call(number, operands);
    return {
      env: {
        memory: this.memory,
        opa_abort: (address: number): never => this.#abort(textAt(this.memory, address)),
        opa_println: (): void => undefined,
        opa_builtin0: call,
        opa_builtin1: call,
        opa_builtin2: call,
        opa_builtin3: call,
        opa_builtin4: call,
      },
    };
  }

  #read(exports: Exports, address: number): unknown {
    return readTerm(this.memory, exports, address, this.#heaviest);
  }

  #abort(text: string): never {
    if (text === ALLOCATION_FAILED) throw new OutOfMemory(this.memory.buffer.byteLength);
    throw new PolicyFailure(`the policy ended with an error: ${text}`);
  }

  #call(number: number, operands: readonly number[]): number {
    const name = this.#names.get(number) ?? `built-in ${number}`;
    const builtIn = this.#builtIns.get(name);
    const exports = this.#exports;
    if (builtIn === undefined || exports === undefined) throw new PolicyFailure(`the policy calls ${name} unnamed`);
    try {
      const answer = builtIn(...operands.map((operand) => this.#read(exports, operand)));
      return answer === undefined ? 0 : writeTerm(this.memory, exports, answer);
    } catch (error) {
      throw failureOf(name, error);
    }
  }
}
