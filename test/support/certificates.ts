/** X.509 certificates for servers and clients of a test, made from nothing, so that no key lies about in the repository. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

const tagged = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  if (length < 0x100) return Buffer.concat([Buffer.from([tag, 0x81, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
};

// DER, ITU-T X.690: the few types that a certificate is made of.
const sequence = (...parts: readonly Uint8Array[]) => tagged(0x30, ...parts);
const set = (...parts: readonly Uint8Array[]) => tagged(0x31, ...parts);
const integer = (bytes: Uint8Array) => tagged(0x02, bytes);
const text = (value: string) => tagged(0x0c, Buffer.from(value));
const time = (year: number) => tagged(0x18, Buffer.from(`${year}0101000000Z`));
const octets = (value: Uint8Array) => tagged(0x04, value);
const bits = (value: Uint8Array) => tagged(0x03, Buffer.from([0]), value);
const YES = Buffer.from([0x01, 0x01, 0xff]);
const identifier = (...bytes: readonly number[]) => tagged(0x06, Buffer.from(bytes));

const COMMON_NAME = identifier(0x55, 0x04, 0x03);
const BASIC_CONSTRAINTS = identifier(0x55, 0x1d, 0x13);
const SUBJECT_ALT_NAME = identifier(0x55, 0x1d, 0x11);
const ECDSA_WITH_SHA256 = sequence(identifier(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));

const nameOf = (common: string) => sequence(set(sequence(COMMON_NAME, text(common))));
const pem = (der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
};

/** A certificate and its private key, both as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const certificate = (subject: string, publicKey: KeyObject, issuer: string, issuerKey: KeyObject, isCa: boolean) => {
  const extensions = sequence(
    sequence(BASIC_CONSTRAINTS, YES, octets(sequence(...(isCa ? [YES] : [])))),
    sequence(
      SUBJECT_ALT_NAME,
      octets(sequence(tagged(0x87, Buffer.from([127, 0, 0, 1])), tagged(0x82, Buffer.from('localhost')))),
    ),
  );
  const body = sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    nameOf(issuer),
    sequence(time(2020), time(2120)),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, extensions),
  );
  return pem(sequence(body, ECDSA_WITH_SHA256, bits(sign('sha256', body, issuerKey))));
};

const keyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keyPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** An authority, and the certificates that it gives out for this machine or for clients of a name. */
export const createAuthority = (name = 'test authority') => {
  const { publicKey, privateKey } = keyPair();
  return {
    cert: certificate(name, publicKey, name, privateKey, true),
    issue: (subject: string): Certificate => {
      const pair = keyPair();
      return { cert: certificate(subject, pair.publicKey, name, privateKey, false), key: keyPem(pair.privateKey) };
    },
  };
};

export type Authority = ReturnType<typeof createAuthority>;
