/** Fields deep in what was read from YAML or JSON. */

/** What is at a path of fields in a manifest; `undefined` where there is nothing. */
export const at = (node: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce(
    (inner: unknown, step) => (inner as Readonly<Record<string | number, unknown>> | undefined)?.[step],
    node,
  );
