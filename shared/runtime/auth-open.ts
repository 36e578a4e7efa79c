/** Opens what judges who sends a message over HTTP, by the settings. */
import { Refused } from '../events/rejected.ts';
import { Unavailable } from '../scans/unavailable.ts';
import type { Authenticate } from './auth-caller.ts';
import { type RuntimeSettings, WrongSetting } from './config.ts';

const authenticateBy = async (file: string): Promise<Authenticate> => {
  // Loaded only where it is asked for: a function that hears from a queue alone starts without it.
  const [{ openAuthentication }, { authConfigIn, WrongAuthConfig }] = await Promise.all([
    import('./auth.ts'),
    import('./auth-file.ts'),
  ]);
  try {
    return await openAuthentication(await authConfigIn(file));
  } catch (error) {
    if (error instanceof WrongAuthConfig || error instanceof Unavailable)
      throw new WrongSetting('AUTH_CONFIG', `${file}: ${error.message}`);
    throw error;
  }
};

const refuseAll: Authenticate = async () => {
  throw new Refused('authorization: nobody may send here, because AUTH_CONFIG is not set', { status: 401 });
};

/**
 * Who may send: those of AUTH_CONFIG; without it everybody or nobody. `undefined`: nobody is asked who they are.
 *
 * Throws `WrongSetting`, also where a file of secrets cannot be used.
 *
 * @param believesAll whether whoever reaches us may send, where nothing else is said
 */
export const authenticator = async (
  { authConfig }: Pick<RuntimeSettings, 'authConfig'>,
  believesAll: boolean,
): Promise<Authenticate | undefined> => {
  if (authConfig !== undefined) return authenticateBy(authConfig);
  return believesAll ? undefined : refuseAll;
};
