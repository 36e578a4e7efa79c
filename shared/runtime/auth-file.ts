/** AUTH_CONFIG, read from its file: YAML, in which every mistake is told by its place. */
import { dirname, resolve } from 'node:path';
import { readYaml, textIn } from '../settings/yaml-file.ts';
import { type AuthConfig, authConfig, type Credential } from './auth-config.ts';

/** What is wrong with the file, in one line. */
export class WrongAuthConfig extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'WrongAuthConfig';
  }
}

/** Reads the configuration from YAML. Throws `WrongAuthConfig`, naming the field. */
export const readAuthConfig = (text: string): AuthConfig => readYaml(text, authConfig, WrongAuthConfig);

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
  const { credentials } = readAuthConfig(await textIn(file, WrongAuthConfig));
  return { credentials: credentials.map((credential) => seenFrom(dirname(file), credential)) };
};
