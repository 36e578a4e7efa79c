/** Who we are in a cluster, and where it is: by whatever tells it. */
import type { Certificates, Connections } from './dispatch.ts';

export interface Credentials {
  /** The server's origin, and the path under which it serves. */
  readonly origin: string;
  readonly prefix: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Certificates;
  /** Through which the server is reached; absent where it is reached directly. */
  readonly proxy?: { readonly url: string; readonly connections: Connections };
}

/** A way to know who we are in a cluster, and where it is. */
export interface Account {
  /** What people call it, and what to do where it cannot be used. */
  readonly subject: string;
  readonly remedy: string;
  /** What to look at where the server is not to be reached. */
  readonly hint: string;
  /** Who we are now. Throws an error of one line, without secrets. */
  readonly credentials: () => Promise<Credentials>;
  /** What was found out is doubted, and is found out again when it is next asked for. */
  readonly forget: () => void;
}
