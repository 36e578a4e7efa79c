/** Canonical JSON (RFC 8785): equal values have equal bytes, which is how the law compares two statuses. */

/** The canonical text of a JSON value. A key whose value is `undefined` is left out, as JSON does. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    // RFC 8785 §3.2.3 sorts by UTF-16 code units, which is what `<` compares.
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
  return `{${members.join(',')}}`;
};
