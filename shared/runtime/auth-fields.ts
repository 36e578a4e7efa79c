/** What the lists of AUTH_CONFIG may hold. */
import * as z from 'zod';
import { file } from '../settings/fields.ts';

const MOST_LISTED = 1_000;
const MOST_FILES = 16;

/** `*`, or a list. */
export const anyOf = <T extends z.ZodType>(item: T, what: string) =>
  z.union(
    [
      z.literal('*'),
      z
        .array(item)
        .min(1, `must list at least one of the ${what}`)
        .max(MOST_LISTED, `must not list more than ${MOST_LISTED}`),
    ],
    { error: `must be "*", for all ${what}, or a list of them` },
  );

export const files = z
  .array(file, { error: 'must be a list of files' })
  .min(1, 'must name at least one file')
  .max(MOST_FILES, `must not name more than ${MOST_FILES} files`);
