/** AUTH_CONFIG, read from its file: YAML, in which every mistake is told by its place. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { load, YAMLException } from 'js-yaml';
import type { z } from 'zod';
import { type AuthConfig, authConfig, type Credential } from './auth-config.ts';

/** What is wrong with the file, in one line. */
export class WrongAuthConfig extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'WrongAuthConfig';
  }
}

/** Bytes of the file. */
const MOST_BYTES = 262_144;

const parse = (text: string): unknown => {
  try {
    return load(text);
  } catch (cause) {
    throw new WrongAuthConfig(cause instanceof YAMLException ? cause.reason : 'is not YAML', { cause });
  }
};

type Issue = z.core.$ZodIssue;

/** What is wrong inside a list says more than that the list is not `*`. */
const innermost = (issue: Issue): { readonly path: readonly PropertyKey[]; readonly message: string } => {
  const inner = issue.code === 'invalid_union' ? issue.errors.at(-1)?.[0] : undefined;
  if (inner === undefined || (inner.code === 'invalid_type' && inner.path.length === 0)) return issue;
  return { path: [...issue.path, ...inner.path], message: inner.message };
};

const lineOf = (issue: Issue): string => {
  const { path, message } = innermost(issue);
  return `${path.map(String).join('.') || 'the file'}: ${message}`;
};

/** Reads the configuration from YAML. Throws `WrongAuthConfig`, naming the field. */
export const readAuthConfig = (text: string): AuthConfig => {
  if (Buffer.byteLength(text) > MOST_BYTES) throw new WrongAuthConfig(`must not be larger than ${MOST_BYTES} bytes`);
  const parsed = authConfig.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new WrongAuthConfig(issue === undefined ? 'is not valid' : lineOf(issue), { cause: parsed.error });
};

/** The files that a credential names, seen from the folder of the file that names them. */
const seenFrom = (folder: string, { oidc, tokens, hmac, ...credential }: Credential): Credential => {
  const found = (file: string): string => resolve(folder, file);
  return {
    ...credential,
    ...(oidc && {
      oidc: {
        ...oidc,
        ...(oidc.caFile !== undefined && { caFile: found(oidc.caFile) }),
        ...(oidc.tokenFile !== undefined && { tokenFile: found(oidc.tokenFile) }),
      },
    }),
    ...(tokens && { tokens: { ...tokens, files: tokens.files.map(found) } }),
    ...(hmac && { hmac: { ...hmac, files: hmac.files.map(found) } }),
  };
};

/** The configuration in a file. Rejects with `WrongAuthConfig`. */
export const authConfigIn = async (file: string): Promise<AuthConfig> => {
  const text = await readFile(file, 'utf8').catch((cause) => {
    throw new WrongAuthConfig('cannot be read', { cause });
  });
  const { credentials } = readAuthConfig(text);
  return { credentials: credentials.map((credential) => seenFrom(dirname(file), credential)) };
};
