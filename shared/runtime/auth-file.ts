/** AUTH_CONFIG, read from its file: YAML, in which every mistake is told by its place. */
import { dirname } from 'node:path';
import { readYaml, seenFrom, textIn } from '../settings/yaml-file.ts';
import { type AuthConfig, authConfig } from './auth-config.ts';

/** What is wrong with the file, in one line. */
export class WrongAuthConfig extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'WrongAuthConfig';
  }
}

/** Reads the configuration from YAML. Throws `WrongAuthConfig`, naming the field. */
export const readAuthConfig = (text: string): AuthConfig => readYaml(text, authConfig, WrongAuthConfig);

/** The configuration in a file. Rejects with `WrongAuthConfig`. */
export const authConfigIn = async (file: string): Promise<AuthConfig> => {
  const { credentials } = readAuthConfig(await textIn(file, WrongAuthConfig));
  return { credentials: credentials.map((credential) => seenFrom(dirname(file), credential)) };
};
