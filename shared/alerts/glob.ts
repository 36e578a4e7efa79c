/** Names with `*` for any run of characters, none among them. */

/** Whether a name is of the pattern, in time that grows with their lengths alone. */
export const isLike = (name: string, pattern: string): boolean => {
  const [start = '', ...rest] = pattern.split('*');
  const end = rest.pop();
  if (end === undefined) return name === pattern;
  if (!name.startsWith(start)) return false;
  let at = start.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found === -1) return false;
    at = found + piece.length;
  }
  return name.endsWith(end) && name.length - end.length >= at;
};
