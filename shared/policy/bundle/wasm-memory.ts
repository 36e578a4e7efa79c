/**
 * The memory that a module wants to be given, which WebAssembly's API in JavaScript does not tell.
 *
 * @see https://webassembly.github.io/spec/core/binary/modules.html#import-section
 */

/** Of a module's import: pages of 64 KiB. */
export interface WasmMemory {
  readonly minimum: number;
  readonly maximum?: number;
  /** Whether it is an ordinary one: not shared with other threads, and of 32-bit addresses. */
  readonly isPlain: boolean;
}

const IMPORTS = 2;
const FUNCTION = 0;
const MEMORY = 2;
const HAS_MAXIMUM = 1;

/** Reads one after the other the numbers of bytes that are known to be well-formed. */
class Cursor {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  byte(): number {
    const byte = this.#bytes[this.at] ?? 0;
    this.at += 1;
    return byte;
  }

  /** An unsigned LEB128 number. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  skipText(): void {
    const length = this.number();
    this.at += length;
  }
}

const HEADER = 8;

/** Goes to the imports; `false` where there are none. */
const seekImports = (cursor: Cursor): boolean => {
  while (!cursor.isAtEnd) {
    const section = cursor.byte();
    const size = cursor.number();
    if (section === IMPORTS) return true;
    cursor.at += size;
  }
  return false;
};

const memoryAt = (cursor: Cursor): WasmMemory => {
  const flags = cursor.byte();
  const minimum = cursor.number();
  const isPlain = (flags & ~HAS_MAXIMUM) === 0;
  return { minimum, isPlain, ...((flags & HAS_MAXIMUM) !== 0 && { maximum: cursor.number() }) };
};

/** The memory that a module imports, of one that was compiled and imports nothing else but functions. */
export const importedMemory = (wasm: Uint8Array): WasmMemory | undefined => {
  const cursor = new Cursor(wasm, HEADER);
  if (!seekImports(cursor)) return undefined;
  for (let left = cursor.number(); left > 0; left -= 1) {
    cursor.skipText();
    cursor.skipText();
    const kind = cursor.byte();
    if (kind === MEMORY) return memoryAt(cursor);
    if (kind !== FUNCTION) return undefined;
    cursor.number();
  }
  return undefined;
};
