/** Work on the same thing, one after the other in this process: others that work on it are met in the state. */

export type InTurn = <T>(key: string, work: () => Promise<T>) => Promise<T>;

export const openTurns = (): InTurn => {
  const last = new Map<string, Promise<unknown>>();
  return async (key, work) => {
    const before = last.get(key) ?? Promise.resolve();
    const own = before.then(work, work);
    last.set(key, own);
    try {
      return await own;
    } finally {
      if (last.get(key) === own) last.delete(key);
    }
  };
};
