/** What the fields of files that settings name may be, and how it is told what they are not. */
import * as z from 'zod';
import { isAddressRange } from '../remote/addresses.ts';

export const text = (what: string, most = 256) =>
  z
    .string({ error: `must be ${what}` })
    .check(z.minLength(1, `must be ${what}`), z.maxLength(most, `must not be longer than ${most} characters`));

/** A DNS label, as a namespace's name is. */
export const label = (what: string) =>
  text(what, 63).regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, `must be ${what}: a-z, 0-9 and -`);

const isPlain = (value: string, protocols: readonly string[]): boolean => {
  const url = URL.parse(value);
  return (
    url !== null && protocols.includes(url.protocol) && url.username === '' && url.password === '' && url.hash === ''
  );
};

export const httpsUrl = text('an https URL', 2_048).refine((url) => isPlain(url, ['https:']), {
  error: 'must be an https URL, without a password',
});

/** For what may be on the same network. */
export const webUrl = text('an https or http URL', 2_048).refine((url) => isPlain(url, ['https:', 'http:']), {
  error: 'must be an https or http URL, without a password',
});

export const file = text('the name of a file', 4_096).refine((name) => !/^[a-z]+:\/\//i.test(name), {
  error: 'must be the name of a file, in which the URL stands',
});

export const addressRanges = z
  .array(
    z
      .string({ error: 'must be a range of addresses such as 10.0.0.0/8' })
      .refine(isAddressRange, { error: 'must be a range of addresses such as 10.0.0.0/8' }),
    { error: 'must be a list of ranges of addresses' },
  )
  .max(100, 'must not list more than 100 ranges');

const orNothing = (names: readonly string[]): string => names.join(', ') || 'none';

/**
 * An object of these fields alone. Where a secret stands in it, it is said that it must not; what it is is not repeated.
 */
export const only = <T extends z.ZodRawShape>(fields: T) =>
  z.strictObject(fields, {
    error: (issue) => {
      if (issue.code === 'invalid_type') return 'must be an object';
      const [name] = issue.code === 'unrecognized_keys' ? (issue.keys as readonly string[]) : [];
      if (name === undefined) return undefined;
      const fileField = `${name}File`;
      return fileField in fields
        ? `${name} is a secret: it must stand in a file, which ${fileField} names`
        : `there is no "${name}" here; there are ${orNothing(Object.keys(fields))}`;
    },
  });

/** Says that one of these fields, and no other of them, must be there. */
export const exactlyOne =
  <Name extends string>(names: readonly Name[]) =>
  (value: { readonly [field in Name]?: unknown }, context: z.RefinementCtx): void => {
    const said = names.filter((name) => value[name] !== undefined);
    if (said.length === 1) return;
    const problem =
      said.length === 0 ? `must say one of ${names.join(', ')}` : `must not say ${said.join(' and ')} at once`;
    context.addIssue({ code: 'custom', message: problem });
  };

/** One of these words. */
export const word = <const Words extends readonly [string, ...string[]]>(words: Words) =>
  z.enum(words, { error: `must be ${words.length === 1 ? words[0] : `one of ${words.join(', ')}`}` });

/** A list that is neither empty nor endless. */
export const listOf = <T extends z.ZodType>(item: T, what: string, most = 100) =>
  z
    .array(item, { error: `must be a list of ${what}` })
    .min(1, `must name at least one of the ${what}`)
    .max(most, `must not name more than ${most}`);

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Such as `90s`, `5m` or `2h`; milliseconds. Between these two, written the same way. */
export const duration = (least: string, most: string) => {
  const error = `must be a duration from ${least} to ${most}, such as 90s, 5m or 2h`;
  const milliseconds = (value: string): number => Number(value.slice(0, -1)) * (UNITS[value.slice(-1)] ?? 0);
  return z
    .string({ error })
    .regex(/^\d{1,6}[smh]$/, error)
    .refine((value) => milliseconds(value) >= milliseconds(least) && milliseconds(value) <= milliseconds(most), {
      error,
      when: ({ issues }) => issues.length === 0,
    })
    .transform(milliseconds);
};
