/** Secrets in files, one a line: several at once, so that one can be replaced while its successor is already known. */
import { basename } from 'node:path';
import { kept, textOf } from '../policy/key-files.ts';
import { UnusableKey } from '../policy/keys.ts';

const MOST_SECRETS = 100;
const MOST_CHARACTERS = 4_096;
/** What a header's value can carry, and nothing that somebody would not see: RFC 5234's VCHAR. */
const VISIBLE = /^[\x21-\x7e]+$/;

/** The secrets of a file. Nothing of what it holds is told. */
const secretsOf = (name: string, text: string, least: number): readonly string[] =>
  text.split('\n').flatMap((line, at) => {
    const secret = line.trim();
    if (secret === '') return [];
    const where = `line ${at + 1}`;
    if (secret.length < least) throw new UnusableKey(name, `${where} is a secret of fewer than ${least} characters`);
    if (secret.length > MOST_CHARACTERS)
      throw new UnusableKey(name, `${where} is longer than ${MOST_CHARACTERS} characters`);
    if (!VISIBLE.test(secret)) throw new UnusableKey(name, `${where} holds what is not visible ASCII`);
    return [secret];
  });

/**
 * What is made of the secrets in files, as they are now: read again where that is older than a few seconds. Rejects with
 * `Unavailable` where there never were any.
 *
 * @param least characters of each
 */
export const secretsIn = <T>(
  files: readonly string[],
  least: number,
  make: (secret: string) => T,
  now: () => number = performance.now.bind(performance),
): (() => Promise<readonly T[]>) =>
  kept(async () => {
    const read = files.map(async (file) => secretsOf(basename(file), await textOf(file), least));
    const secrets = (await Promise.all(read)).flat();
    const names = files.map((file) => basename(file)).join(', ');
    if (secrets.length === 0) throw new UnusableKey(names, 'holds no secret');
    if (secrets.length > MOST_SECRETS) throw new UnusableKey(names, `holds more than ${MOST_SECRETS} secrets`);
    return secrets.map(make);
  }, now);
