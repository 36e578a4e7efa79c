/** The JSON files of a bundle: UTF-8, no deeper than anybody needs, and of a bounded size. */
import type { z } from 'zod';
import { decodeUtf8, parseJson } from '../../events/json.ts';
import { Rejected } from '../../events/rejected.ts';
import { UnusableBundle } from './unusable-bundle.ts';

/** Bytes of a file whose content is looked into. */
const MOST_BYTES = 16 * 1_048_576;

/** The text of a file. Throws `UnusableBundle` where it is too large, or not UTF-8. */
export const bundleText = (name: string, bytes: Uint8Array): string => {
  if (bytes.length > MOST_BYTES) throw new UnusableBundle(`${name}: must not be larger than ${MOST_BYTES} bytes`);
  return asUnusable(() => decodeUtf8(bytes, name));
};

/** The value of a JSON file. Throws `UnusableBundle`. */
export const bundleJson = (name: string, bytes: Uint8Array): unknown =>
  asUnusable(() => parseJson(bundleText(name, bytes), name));

const asUnusable = <T>(work: () => T): T => {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof Rejected)) throw cause;
    throw new UnusableBundle(cause.message, { cause });
  }
};

/** The value of a JSON text in a bundle, if it is what the schema wants. Throws `UnusableBundle`, naming the field. */
export const checkedBySchema = <T extends z.ZodType>(name: string, schema: T, value: unknown): z.infer<T> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = [name, ...(issue?.path ?? [])].map(String).join('.');
  throw new UnusableBundle(`${path}: ${issue?.message ?? 'is not valid'}`, { cause: parsed.error });
};
