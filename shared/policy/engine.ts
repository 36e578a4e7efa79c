/**
 * A policy's module in a memory of its own, driven through opa-wasm.
 *
 * @see https://www.openpolicyagent.org/docs/wasm (the ABI)
 */
import * as opaWasm from '@open-policy-agent/opa-wasm';
import type { JsonObject } from '../conditions/status.ts';
import type { BuiltIns } from './built-ins/built-ins.ts';
import { Host } from './host.ts';
import { jsonWeight } from './json-weight.ts';
import { OutOfMemory, PolicyFailure } from './policy-failure.ts';
import { bytesAt } from './terms-in-wasm.ts';

/** Its types name this export, which as ES module it has in its default only. */
const { LoadedPolicy: OpaPolicy } = (opaWasm as unknown as { readonly default: typeof opaWasm }).default;

/** The version of the ABI in which `opa_eval` does all: whoever compiled the module saw to it that it has this. */
const ABI_MINOR = 2;
type OpaEval = (
  reserved: number,
  entrypoint: number,
  data: number,
  input: number,
  inputLength: number,
  heap: number,
  format: number,
) => number;

export interface Loading {
  readonly builtIns: BuiltIns;
  /** The bundle's own data. */
  readonly data?: JsonObject;
  /** Bytes of heap that the thread has: an answer may take half of it, and what is given to a built-in a quarter. */
  readonly heap: number;
}

/** Answers where what it wrote ends. */
const writeAll = (memory: Uint8Array, address: number, pieces: readonly Uint8Array[]): number => {
  let end = address;
  for (const piece of pieces) {
    if (end + piece.length > memory.length) throw new OutOfMemory(memory.length);
    memory.set(piece, end);
    end += piece.length;
  }
  return end;
};

export class Instance {
  readonly #host: Host;
  readonly #policy: opaWasm.LoadedPolicy;
  readonly #heaviestAnswer: number;
  #write: (address: number) => number = (address) => address;

  /** Gives the module so many bytes of memory. Throws `PolicyFailure`, and what WebAssembly throws. */
  constructor(module: WebAssembly.Module, { builtIns, data, heap }: Loading, memory: number) {
    this.#heaviestAnswer = heap / 2;
    this.#host = new Host(builtIns, memory, heap / 4);
    const { exports } = new WebAssembly.Instance(module, this.#host.imports());
    this.#host.attach(exports);
    const opaEval = this.#evaluating(exports['opa_eval'] as OpaEval);
    const instance = { exports: { ...exports, opa_eval: opaEval } };
    this.#policy = new OpaPolicy({ module, instance }, this.#host.memory, ABI_MINOR);
    if (data !== undefined) this.#policy.setData(data);
  }

  entrypoints(): readonly string[] {
    return Object.keys(this.#policy.entrypoints as object);
  }

  /**
   * What the entrypoint says of an input, JSON in pieces; calls `taken` when the module has it. Throws `PolicyFailure`,
   * and what WebAssembly throws.
   */
  ask(entrypoint: string, input: readonly Uint8Array[], taken: () => void): unknown {
    this.#write = (address) => {
      const end = writeAll(new Uint8Array(this.#host.memory.buffer), address, input);
      taken();
      return end;
    };
    const answer: unknown = this.#policy.evaluate(undefined, entrypoint);
    return Array.isArray(answer) ? answer[0]?.result : undefined;
  }

  /** Writes the input, which opa-wasm would want in one piece and copy; and weighs the answer, which it parses. */
  #evaluating(opaEval: OpaEval): OpaEval {
    return (reserved, entrypoint, data, _, __, heap, format) => {
      const end = this.#write(heap);
      const answer = opaEval(reserved, entrypoint, data, heap, end - heap, end, format);
      if (jsonWeight(bytesAt(this.#host.memory, answer)) > this.#heaviestAnswer)
        throw new PolicyFailure('the policy answers more than there may be');
      return answer;
    };
  }
}
