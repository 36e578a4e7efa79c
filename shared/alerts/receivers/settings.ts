/** What every receiver is told of itself by the configuration, whatever it speaks. */
import type { Resolve } from '../../remote/pinned-addresses.ts';
import type { Clock, Rate } from './rate.ts';

/**
 * A secret as it is now: read again for each message, so that a rotation needs no restart. White space around it is
 * dropped. What it throws is told to nobody but as a cause.
 */
export type ReadSecret = () => string;

export interface ReceiverSettings {
  /** Its name in the configuration. */
  readonly name: string;
  /** Ranges of addresses that it may be at though they are not public; only there it may be asked without TLS. */
  readonly privateAddresses?: readonly string[];
  /** PEM of the authorities that vouch for it; absent, those of the machine. */
  readonly ca?: string;
  /** Milliseconds for one request, 10 000 unless told otherwise. */
  readonly deadline?: number;
  /** How fast it may be asked, where that is not what its maker publishes. */
  readonly rate?: Rate;
  /** Finds the addresses of a name; absent, the system does. */
  readonly resolve?: Resolve;
  /** Absent, the clock of the machine. */
  readonly clock?: Clock;
}
