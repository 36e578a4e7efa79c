/** Built-ins that a policy must not call: what they say depends on something else than the report and the request. */

/** The text of each, after its name. */
export const FORBIDDEN: ReadonlyMap<string, string> = new Map([
  ['http.send', 'a policy may only look at its report'],
  ['net.lookup_ip_addr', 'a policy may only look at its report'],
  ['opa.runtime', 'a policy may not ask where it is evaluated'],
  ['rand.intn', 'the same request must give the same verdict'],
  ['uuid.rfc4122', 'the same request must give the same verdict'],
]);
