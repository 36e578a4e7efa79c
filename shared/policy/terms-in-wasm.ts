/** Values on their way between a policy's module and us, as text in the module's memory: terms to us, JSON to it. */
import { parseTerm } from './built-ins/term-text.ts';
import { jsonWeight } from './json-weight.ts';
import { PolicyFailure } from './policy-failure.ts';
import { withoutSurrogates } from './surrogates.ts';

/** What the module has for it. @see https://www.openpolicyagent.org/docs/wasm (exports) */
export interface TermExports {
  readonly opa_malloc: (size: number) => number;
  readonly opa_json_parse: (address: number, size: number) => number;
  readonly opa_value_dump: (address: number) => number;
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

const exactText = (_: string, value: unknown): unknown =>
  typeof value === 'bigint' ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(value)) : value;

/** The value at an address of the module's, of so many bytes of heap at most. Throws `PolicyFailure`. */
export const readTerm = (
  memory: WebAssembly.Memory,
  { opa_value_dump: dump }: TermExports,
  address: number,
  heaviest: number,
): unknown => {
  const bytes = bytesAt(memory, dump(address));
  if (jsonWeight(bytes) > heaviest) throw new PolicyFailure('its operands are too large');
  return parseTerm(decoder.decode(bytes));
};

/** Puts a value into the module's memory, and answers its address there. Throws `PolicyFailure`. */
export const writeTerm = (memory: WebAssembly.Memory, exports: TermExports, value: unknown): number => {
  if (typeof value === 'string' && value.length > LONGEST) throw new PolicyFailure('its answer is too large');
  const bytes = withoutSurrogates(encoder.encode(JSON.stringify(value, exactText)));
  const address = exports.opa_malloc(bytes.length);
  new Uint8Array(memory.buffer).set(bytes, address);
  const term = exports.opa_json_parse(address, bytes.length);
  if (term === 0) throw new PolicyFailure('its answer is no JSON');
  return term;
};
