/** What a promise is rejected with. */
export const errorOf = async (work: Promise<unknown>): Promise<Error> => {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`it was rejected with ${String(error)}, which is no error`);
  }
  throw new Error('it was fulfilled');
};
