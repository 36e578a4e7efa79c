/** Values on their way between a policy's module and us: as JSON, in the module's memory. */
import { jsonWeight } from './json-weight.ts';
import { PolicyFailure } from './policy-failure.ts';
import { withoutSurrogates } from './surrogates.ts';

/** What the module has for it. @see https://www.openpolicyagent.org/docs/wasm (exports) */
export interface TermExports {
  readonly opa_malloc: (size: number) => number;
  readonly opa_json_parse: (address: number, size: number) => number;
  readonly opa_json_dump: (address: number) => number;
}

/** Of a text that the module is given, in UTF-16 units. */
const LONGEST = 16 * 2 ** 20;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The bytes from an address on, up to a NUL. */
export const bytesAt = (memory: WebAssembly.Memory, address: number): Uint8Array => {
  const bytes = new Uint8Array(memory.buffer);
  return bytes.subarray(address, bytes.indexOf(0, address));
};

export const textAt = (memory: WebAssembly.Memory, address: number): string => decoder.decode(bytesAt(memory, address));

/** An integer that a double cannot hold is kept whole. */
const exact = (_: string, value: unknown, { source }: { readonly source?: string } = {}): unknown =>
  typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source)
    ? BigInt(source)
    : value;

/** To look at each value costs ten times the parsing, and only where a number is as long as this is there one to find. */
const MAYBE_LARGE = /\d{16}/;

const exactText = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value)) : value;

/** The value at an address of the module's, of so many bytes of heap at most. Throws `PolicyFailure`. */
export const readTerm = (
  memory: WebAssembly.Memory,
  { opa_json_dump: dump }: TermExports,
  address: number,
  heaviest: number,
): unknown => {
  const bytes = bytesAt(memory, dump(address));
  if (jsonWeight(bytes) > heaviest) throw new PolicyFailure('it is given more than it takes');
  const text = decoder.decode(bytes);
  return JSON.parse(text, MAYBE_LARGE.test(text) ? exact : undefined);
};

/** Puts a value into the module's memory, and answers its address there. Throws `PolicyFailure`. */
export const writeTerm = (memory: WebAssembly.Memory, exports: TermExports, value: unknown): number => {
  if (typeof value === 'string' && value.length > LONGEST) throw new PolicyFailure('it answers more than there may be');
  const bytes = withoutSurrogates(encoder.encode(JSON.stringify(value, exactText)));
  const address = exports.opa_malloc(bytes.length);
  new Uint8Array(memory.buffer).set(bytes, address);
  const term = exports.opa_json_parse(address, bytes.length);
  if (term === 0) throw new PolicyFailure('its answer is no JSON');
  return term;
};
