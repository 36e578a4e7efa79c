/** A kind as people type it: `imagescan`, `ImageScans`. */
import { readScope } from '../shared/runtime/config.ts';
import { UsageError } from './command.ts';

/** The kind of scan that `text` names. Throws `UsageError`, naming the argument, where there is none. */
export const readKind = (argument: string, text: string): string => {
  const kinds = [...readScope().kinds];
  const wanted = text.toLowerCase();
  const known = kinds.find((kind) => [kind, `${kind}s`].some((name) => name.toLowerCase() === wanted));
  if (known === undefined) throw new UsageError(`${argument}: must be one of ${kinds.join(', ')}`);
  return known;
};
