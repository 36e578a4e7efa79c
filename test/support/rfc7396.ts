/** JSON merge patches applied, word for word as the RFC's pseudocode has it (RFC 7396 §2). */
import { isJsonObject } from '../../shared/conditions/status.ts';

/** What `target` becomes under `patch`. */
export const applyMergePatch = (target: unknown, patch: unknown): unknown => {
  if (!isJsonObject(patch)) return patch;
  const result: Record<string, unknown> = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else {
      const merged = applyMergePatch(result[name], value);
      // A plain assignment of `__proto__` would set no member.
      Object.defineProperty(result, name, { value: merged, enumerable: true, writable: true, configurable: true });
    }
  }
  return result;
};
