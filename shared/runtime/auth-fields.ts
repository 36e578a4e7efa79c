/** What the fields of AUTH_CONFIG may be, and how it is told what they are not. */
import * as z from 'zod';

const MOST_LISTED = 1_000;
const MOST_FILES = 16;

export const text = (what: string, most = 256) =>
  z
    .string({ error: `must be ${what}` })
    .check(z.minLength(1, `must be ${what}`), z.maxLength(most, `must not be longer than ${most} characters`));

/** What a thing is that is no object; which of its fields is odd, the library says. */
export const MUST_BE_OBJECT = {
  error: ({ code }: { readonly code: string }) => (code === 'invalid_type' ? 'must be an object' : undefined),
};

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

/** A DNS label, as a namespace's name is. */
export const label = (what: string) =>
  text(what, 63).regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, `must be ${what}: a-z, 0-9 and -`);

const isPlainHttps = (value: string): boolean => {
  const url = URL.parse(value);
  return url?.protocol === 'https:' && url.username === '' && url.password === '' && url.hash === '';
};

export const httpsUrl = text('an https URL', 2_048).refine(isPlainHttps, {
  error: 'must be an https URL, without a password',
});

export const file = text('the name of a file', 4_096);
export const files = z
  .array(file, { error: 'must be a list of files' })
  .min(1, 'must name at least one file')
  .max(MOST_FILES, `must not name more than ${MOST_FILES} files`);
