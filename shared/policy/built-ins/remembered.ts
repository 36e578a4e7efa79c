/** Remembers what was made of the last texts: policies ask with few patterns, layouts and zones, again and again. */
const MOST = 100;
const LONGEST = 1_000;

/** Makes what is not remembered; of what cannot be made, nothing is. */
export const remembered = <T>(make: (key: string) => T): ((key: string) => T) => {
  const made = new Map<string, T>();
  return (key) => {
    if (key.length > LONGEST) return make(key);
    const known = made.get(key);
    if (known !== undefined) return known;
    const fresh = make(key);
    const [oldest] = made.keys();
    if (made.size >= MOST && oldest !== undefined) made.delete(oldest);
    made.set(key, fresh);
    return fresh;
  };
};
