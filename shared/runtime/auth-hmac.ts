/**
 * Signatures of webhooks: `v1=` and the HMAC-SHA256, in hexadecimal, of `TIMESTAMP.BODY` by a secret that is shared.
 *
 * They cover the body alone, so an event must be wholly in it: where headers say what the event is, whoever gets hold of
 * one signed body could make another event of it. Within its window a signature can be sent again, which does no harm: an
 * event told twice is the same fact.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { MAX_BODY } from '../events/message.ts';
import { Refused } from '../events/rejected.ts';
import { type Arriving, bodyOf, type Caller } from './auth-caller.ts';
import { secretsIn } from './auth-secrets.ts';

/** Characters of a secret: whoever sees one signature can try secrets for as long as they like. */
const LEAST = 32;
/** Seconds that a signature may be from now, in either direction. */
const WINDOW = 300;
/** Signatures in one header: two while a secret is being replaced. */
const MOST_SIGNATURES = 8;

const TIMESTAMP = /^\d{1,12}$/;
const SIGNATURE = /^v1=([0-9a-f]{64})$/i;

export interface HmacCredential extends Caller {
  readonly hmac: {
    readonly files: readonly string[];
    readonly timestampHeader: string;
    readonly signatureHeader: string;
  };
}

const refuse = (problem: string, status: 401 | 403 = 401): Refused => new Refused(problem, { status });

/** The one value of a header; `undefined` where it does not stand, or stands twice. */
const onlyValue = (headers: Arriving['headers'], name: string): string | undefined => {
  const values = headers.filter(([given]) => given.toLowerCase() === name);
  return values.length === 1 ? values[0]?.[1] : undefined;
};

/** The signatures that are of a version known here; other versions may stand beside them. */
const signaturesIn = (header: string): readonly Buffer[] =>
  header.split(',', MOST_SIGNATURES).flatMap((part) => {
    const hex = SIGNATURE.exec(part.trim())?.[1];
    return hex === undefined ? [] : [Buffer.from(hex, 'hex')];
  });

const checkTimestamp = (name: string, timestamp: string, now: number): void => {
  if (!TIMESTAMP.test(timestamp)) throw refuse(`${name}: must be in Unix seconds`);
  if (Math.abs(now / 1_000 - Number(timestamp)) > WINDOW)
    throw refuse(`${name}: must not be more than ${WINDOW} seconds from now`);
};

/** Which keys are in use, and where they look for a signature. */
interface Opened {
  readonly caller: HmacCredential;
  readonly keys: () => Promise<readonly KeyObject[]>;
}

const isSigned = async ({ caller: { hmac }, keys }: Opened, message: Arriving, now: number): Promise<boolean> => {
  const { timestampHeader, signatureHeader } = hmac;
  const timestamp = onlyValue(message.headers, timestampHeader);
  const signature = onlyValue(message.headers, signatureHeader);
  if (timestamp === undefined || signature === undefined) return false;
  checkTimestamp(timestampHeader, timestamp, now);
  const body = await bodyOf(message);
  if (Buffer.byteLength(body) > MAX_BODY) throw refuse(`body: must not be larger than ${MAX_BODY} bytes to be signed`);
  const signatures = signaturesIn(signature);
  const right = (await keys()).filter((key) => {
    const expected = createHmac('sha256', key).update(`${timestamp}.`).update(body).digest();
    return signatures.filter((one) => timingSafeEqual(one, expected)).length > 0;
  });
  return right.length > 0;
};

/** What a signature does not cover must not say what the event is. */
const checkCovered = ({ headers }: Arriving): void => {
  const [name] = headers.find(([given]) => given.toLowerCase().startsWith('ce-')) ?? [];
  if (name === undefined) return;
  throw refuse(
    `${name.slice(0, 64).toLowerCase()}: is not covered by the signature; send the event in structured mode`,
    403,
  );
};

interface OpenSignatures {
  /** Who signed a message. Throws `Refused`, and `Unavailable` where the secrets never could be read. */
  readonly callerOf: (message: Arriving) => Promise<Caller>;
  /** Reads all files, so that what is wrong with one is known before it is needed. */
  readonly check: () => Promise<void>;
}

export const openSignatures = (
  credentials: readonly HmacCredential[],
  { wall, steady }: { readonly wall: () => number; readonly steady: () => number },
): OpenSignatures => {
  const keyOf = (secret: string): KeyObject => createSecretKey(secret, 'utf8');
  const opened = credentials.map((caller) => ({ caller, keys: secretsIn(caller.hmac.files, LEAST, keyOf, steady) }));
  return {
    callerOf: async (message) => {
      for (const one of opened) {
        if (!(await isSigned(one, message, wall()))) continue;
        checkCovered(message);
        return one.caller;
      }
      throw refuse('authorization: a bearer token or a signature is required');
    },
    check: async () => {
      await Promise.all(opened.map(({ keys }) => keys()));
    },
  };
};
