/**
 * An answer over HTTP, as plain data.
 *
 * A `Response` would do as well, but the first one loads all of Node's own fetch: 28 ms of a cold start.
 */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** None where it is empty; in pieces where it is sent as it is read. */
  readonly body?: string | AsyncIterable<string>;
}
