/** An alert as a receiver is told of it, and the port to a receiver. */
import type { ScanRef } from '../conditions/facts.ts';

export const SEVERITIES = ['critical', 'error', 'warning', 'info'] as const;
/** How much it matters, from what gets people out of bed. */
export type AlertSeverity = (typeof SEVERITIES)[number];

/** A vulnerability that people should see first. */
export interface NamedVulnerability {
  readonly id: string;
  readonly severity: string;
  readonly component?: string;
  readonly fixedIn?: string;
}

/** One alert: that something is wrong with a scan, or is no longer. Every text in it may come from a scan: it is data. */
export interface Alert {
  /** Made of identity alone (cluster, scan uid, condition; of a group, its rule and namespace), 64 hex digits; never of text. */
  readonly key: string;
  readonly status: 'firing' | 'resolved';
  readonly severity: AlertSeverity;
  /** The rule that it comes from. */
  readonly rule: string;
  readonly cluster: string;
  /** The scan; of a group, the first of them. */
  readonly scan: ScanRef;
  /** Of a group, how many scans there are, with the names of some. */
  readonly group?: { readonly namespace: string; readonly scans: number; readonly names: readonly string[] };
  /** The condition that changed, and what to: `PolicySucceeded`, `False`. */
  readonly condition: string;
  readonly to: string;
  readonly reason?: string;
  /** One line: what changed. Already rendered from the rule's template, not yet escaped for the receiver. */
  readonly title: string;
  /** A few lines more, rendered and not escaped. */
  readonly text: string;
  /** The image, or the repository and revision. */
  readonly artifact?: string;
  /** The worst first; at most 10. */
  readonly vulnerabilities: readonly NamedVulnerability[];
  /** How many there are beyond those. */
  readonly more: number;
  /** The command that shows the rest. */
  readonly command: string;
  /** RFC 3339: the instant of the fact that began it. */
  readonly since: string;
  /** RFC 3339: the instant of the fact that this tells of. */
  readonly at: string;
}

/** What a receiver keeps of a message that it took, to update or answer it later: opaque, small, JSON. */
export type MessageRef = Readonly<Record<string, string>>;

/** A place where people look. */
export interface Receiver {
  /** Its name in the configuration. */
  readonly name: string;
  /** Milliseconds after which it is told again of what fires: it keeps that in memory alone, and may be started anew. */
  readonly renewEvery?: number;
  /**
   * Tells it. What was told of the same key before, if anything was, is `before`.
   *
   * Throws `Unavailable` (with `retryAfter` seconds) for what may succeed later, and `Undeliverable` for what never will.
   */
  readonly send: (alert: Alert, before?: MessageRef) => Promise<MessageRef>;
  /** What would be sent, as the receiver's own request, without secrets; for a preview. */
  readonly preview: (alert: Alert, before?: MessageRef) => { readonly url: string; readonly body: unknown };
}

/** The receiver will never take this alert, whatever is done but to change the configuration or the text. */
export class Undeliverable extends Error {
  constructor(receiver: string, problem: string, options?: ErrorOptions) {
    super(`${receiver}: ${problem}`, options);
    this.name = 'Undeliverable';
  }
}
