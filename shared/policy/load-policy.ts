/**
 * A compiled policy, loaded: asked about an input, it answers with what its entrypoint says.
 *
 * Whatever ends a policy early leaves its memory in the middle of something, so that instance of it is never asked again.
 */
import { Instance, type Loading as InstanceLoading } from './engine.ts';
import { OutOfMemory, PolicyFailure } from './policy-failure.ts';
import { release } from './release.ts';
import { withoutSurrogates } from './surrogates.ts';

interface Question {
  /** As the bundle's manifest names it, such as `main/deny`. */
  readonly entrypoint: string;
  /** The bytes of a JSON object, in pieces that end between values. They are taken over: a large one is empty afterwards. */
  readonly input: readonly Uint8Array[];
}

export interface LoadedPolicy {
  /** Throws `PolicyFailure`. */
  readonly entrypoints: () => readonly string[];
  /** What the entrypoint says; `undefined` where it says nothing. Throws `PolicyFailure`. */
  readonly ask: (question: Question) => unknown;
}

export interface Loading extends InstanceLoading {
  /** Bytes of memory that the policy may take at most. */
  readonly memory: number;
}

const MEBIBYTE = 2 ** 20;
/** opa-wasm takes addresses for signed. */
const MOST_MEMORY = 2_048 * MEBIBYTE;
const LEAST_MEMORY = MEBIBYTE;
/** Bytes of memory for each byte of input: a report takes about 20, and most policies little more. */
const MEMORY_PER_BYTE = 40;

const failureOf = (error: unknown, memory: number): PolicyFailure => {
  if (error instanceof PolicyFailure) return error;
  // The module wants more than it was given, before it is asked anything.
  if (error instanceof WebAssembly.LinkError) return new OutOfMemory(memory, { cause: error });
  if (error instanceof RangeError)
    return new PolicyFailure('the policy needs more stack than it has', { cause: error });
  const text = error instanceof Error ? error.message : String(error);
  return new PolicyFailure(`the policy ended with an error: ${text}`, { cause: error });
};

const lengthOf = (pieces: readonly Uint8Array[]): number => pieces.reduce((sum, { length }) => sum + length, 0);

/** Gives a policy its built-ins, and memory when it is asked. */
export const loadPolicy = (module: WebAssembly.Module, loading: Loading): LoadedPolicy => {
  const most = Math.min(loading.memory, MOST_MEMORY);
  let memory = 0;
  let instance: Instance | undefined;
  /** Works in at least so much memory; where that is not enough, again in all that there may be. */
  const inMemory = <T>(enough: number, work: (instance: Instance) => T): T => {
    const wanted = Math.min(Math.max(enough, memory), most);
    try {
      if (instance === undefined || wanted > memory) instance = new Instance(module, loading, wanted);
      memory = wanted;
      return work(instance);
    } catch (error) {
      instance = undefined;
      const failure = failureOf(error, most);
      if (failure instanceof OutOfMemory && wanted < most) return inMemory(most, work);
      throw failure;
    }
  };
  return {
    entrypoints: () => inMemory(LEAST_MEMORY, (policy) => policy.entrypoints()),
    ask: ({ entrypoint, input }) => {
      const pieces = input.map(withoutSurrogates);
      const enough = LEAST_MEMORY + lengthOf(pieces) * MEMORY_PER_BYTE;
      // Where there may be a second try, the input will be needed again.
      const taken = enough < most ? () => undefined : () => pieces.forEach(release);
      return inMemory(enough, (policy) => policy.ask(entrypoint, pieces, taken));
    },
  };
};
