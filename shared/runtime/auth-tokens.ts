/** Bearer tokens that are known here, compared in a time that tells nothing of how near a guess is. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Caller } from './auth-caller.ts';
import { secretsIn } from './auth-secrets.ts';

/** Characters of a token: shorter ones can be guessed. */
const LEAST = 16;

export interface TokenCredential extends Caller {
  readonly tokens: { readonly files: readonly string[] };
}

/** As long whatever the token, and nothing of it at the front: both sides of a comparison must be of one length. */
const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest();

interface OpenTokens {
  /** Whose a token is; `undefined`, nobody's. Rejects with `Unavailable` where the files never could be read. */
  readonly callerOf: (token: string) => Promise<Caller | undefined>;
  /** Reads all files, so that what is wrong with one is known before it is needed. */
  readonly check: () => Promise<void>;
}

export const openTokens = (credentials: readonly TokenCredential[], now: () => number): OpenTokens => {
  const opened = credentials.map((caller) => ({
    caller,
    digests: secretsIn(caller.tokens.files, LEAST, digestOf, now),
  }));
  return {
    callerOf: async (token) => {
      const digest = digestOf(token);
      const known = await Promise.all(
        opened.map(async ({ caller, digests }) => ({ caller, digests: await digests() })),
      );
      // Every one is compared, also after the right one.
      const right = known.filter(({ digests }) => digests.filter((one) => timingSafeEqual(one, digest)).length > 0);
      return right[0]?.caller;
    },
    check: async () => {
      await Promise.all(opened.map(({ digests }) => digests()));
    },
  };
};
