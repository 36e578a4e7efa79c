/** Configurations of who may send what, clocks that stand still, and what comes of showing a credential. */
import type { JsonObject } from '../../shared/conditions/status.ts';
import { Refused } from '../../shared/events/rejected.ts';
import { openAuthentication } from '../../shared/runtime/auth.ts';
import type { Arriving, Authenticate } from '../../shared/runtime/auth-caller.ts';
import { readAuthConfig } from '../../shared/runtime/auth-file.ts';
import { Unavailable } from '../../shared/scans/unavailable.ts';
import { NOW } from './auth-issuer.ts';

export const EVERYTHING = { functions: '*', types: '*', namespaces: '*' } as const;

/** A clock that goes on when it is told to; both of its faces begin at the instant of all tests of tokens. */
export const stoppedClock = () => {
  let passed = 0;
  return {
    clocks: { wall: () => NOW * 1_000 + passed, steady: () => passed },
    pass: (milliseconds: number): void => {
      passed += milliseconds;
    },
  };
};

/** The authentication of these credentials, each of which may do everything unless it says what. */
export const authenticationOf = (
  credentials: readonly JsonObject[],
  clocks: Parameters<typeof openAuthentication>[1] = stoppedClock().clocks,
): Promise<Authenticate> =>
  openAuthentication(
    readAuthConfig(
      JSON.stringify({ credentials: credentials.map((one, at) => ({ name: `c-${at}`, allows: EVERYTHING, ...one })) }),
    ),
    clocks,
  );

export const bearing = (authorization: string): Arriving => ({ headers: [['Authorization', authorization]], body: '' });

/** The name of who is let in, or the status with which they are not. */
export const judged = async (authenticate: Authenticate, message: Arriving): Promise<string | number> => {
  try {
    return (await authenticate(message)).name;
  } catch (error) {
    if (error instanceof Refused) return error.status;
    if (error instanceof Unavailable) return 503;
    throw error;
  }
};

export const judgedToken = (authenticate: Authenticate, token: string): Promise<string | number> =>
  judged(authenticate, bearing(`Bearer ${token}`));
