/** Files in YAML that settings name: every mistake in one is told in one line, by its place. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { load, YAMLException } from 'js-yaml';
import type { z } from 'zod';

/** What a mistake in a file is told as. */
export type WrongFile = new (problem: string, options?: ErrorOptions) => Error;

/** Bytes of a file. */
const MOST_BYTES = 262_144;

type Issue = z.core.$ZodIssue;

/** What is wrong inside a list says more than that the list is not the other thing that could stand for it. */
const innermost = (issue: Issue): { readonly path: readonly PropertyKey[]; readonly message: string } => {
  if (issue.code === 'invalid_key') return { path: issue.path, message: issue.issues[0]?.message ?? issue.message };
  const inner = issue.code === 'invalid_union' ? issue.errors.at(-1)?.[0] : undefined;
  if (inner === undefined || (inner.code === 'invalid_type' && inner.path.length === 0)) return issue;
  return { path: [...issue.path, ...inner.path], message: inner.message };
};

/** Names in the file are shown as they stand, but for what would be another line. */
const lineOf = (issue: Issue | undefined): string => {
  if (issue === undefined) return 'is not valid';
  const { path, message } = innermost(issue);
  return `${path.map(String).join('.') || 'the file'}: ${message}`.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
};

const placed = ({ reason, mark }: YAMLException): string => (mark ? `line ${mark.line + 1}: ${reason}` : reason);

const parse = (text: string, Wrong: WrongFile): unknown => {
  if (Buffer.byteLength(text) > MOST_BYTES) throw new Wrong(`must not be larger than ${MOST_BYTES} bytes`);
  try {
    return load(text);
  } catch (cause) {
    throw new Wrong(cause instanceof YAMLException ? placed(cause) : 'is not YAML', { cause });
  }
};

/** Reads YAML by a schema. Throws `Wrong`, naming the field. */
export const readYaml = <T extends z.ZodType>(text: string, schema: T, Wrong: WrongFile): z.output<T> => {
  const parsed = schema.safeParse(parse(text, Wrong));
  if (parsed.success) return parsed.data;
  throw new Wrong(lineOf(parsed.error.issues[0]), { cause: parsed.error });
};

/** The text of a file. Rejects with `Wrong`. */
export const textIn = (file: string, Wrong: WrongFile): Promise<string> =>
  readFile(file, 'utf8').catch((cause) => {
    throw new Wrong('cannot be read', { cause });
  });

/** A field by its name: a file, a list of files, or what may have such fields of its own. */
const fieldSeenFrom = (folder: string, name: string, field: unknown): unknown => {
  if (typeof field === 'string') return /file$/i.test(name) ? resolve(folder, field) : field;
  if (Array.isArray(field)) return name === 'files' ? field.map((file: string) => resolve(folder, file)) : field;
  return seenFrom(folder, field);
};

/** What was read, with the files that it names seen from the folder of the file that names them. */
export const seenFrom = <T>(folder: string, value: T): T => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, fieldSeenFrom(folder, name, field)]);
  return Object.fromEntries(fields);
};
