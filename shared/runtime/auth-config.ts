/**
 * The file that says who may send what. What it does not say is not allowed, and it holds no secret: it names the files
 * that do.
 */
import * as z from 'zod';
import { addressRanges, file, httpsUrl, label, only, text } from '../settings/fields.ts';
import { allows } from './auth-allows.ts';
import { anyOf, files } from './auth-fields.ts';

const MOST_CREDENTIALS = 100;

/** Bearer tokens that an issuer signs: a cluster's API server, a CI system, an identity provider. */
const oidc = only({
  /** As its tokens name it in `iss`, to the letter. */
  issuer: httpsUrl.refine((url) => !url.includes('?'), { error: 'must not hold a query' }),
  /** Whom its tokens must be meant for: one of `aud`. */
  audience: text('a name or URL'),
  /** Who may show one (`sub`); `*` only where everybody that the issuer knows may. */
  subjects: anyOf(text('a subject'), 'subjects'),
  /** Where its keys are; absent, its `/.well-known/openid-configuration` says it. */
  jwksUrl: httpsUrl.exactOptional(),
  /** PEM of the authorities that vouch for these servers; absent, those of the machine. */
  caFile: file.exactOptional(),
  /** A bearer token to be shown there, as an API server wants it. */
  tokenFile: file.exactOptional(),
  /** Ranges of addresses at which they may be though they are not public, such as a cluster's services. */
  privateAddresses: addressRanges.default([]),
});

/** Bearer tokens that are known here: one a line. */
const tokens = only({ files });

const headerName = text('the name of a header', 64)
  .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of a header')
  .toLowerCase()
  .refine((name) => !/^(?:ce-|authorization$|content-type$)/.test(name), { error: 'must be a header of its own' });

/** Signatures over the body, by secrets that are shared: one a line. */
const hmac = only({
  files,
  timestampHeader: headerName.default('x-scanstatus-timestamp'),
  signatureHeader: headerName.default('x-scanstatus-signature'),
});

const KINDS = ['oidc', 'tokens', 'hmac'] as const;

const credential = only({
  /** For the log. */
  name: label('a name'),
  oidc: oidc.exactOptional(),
  tokens: tokens.exactOptional(),
  hmac: hmac.exactOptional(),
  allows,
}).superRefine((one, context) => {
  if (KINDS.filter((kind) => one[kind] !== undefined).length !== 1)
    context.addIssue({ code: 'custom', message: `must say one of ${KINDS.join(', ')}` });
  if (one.hmac !== undefined && one.allows.reads)
    context.addIssue({
      code: 'custom',
      path: ['allows', 'reads'],
      message: 'needs a token: a request to read has no body to be signed',
    });
});

type OneCredential = z.infer<typeof credential>;

/** An issuer's keys are fetched once for all credentials that it vouches for. */
const keysOf = ({ oidc: one }: OneCredential): string =>
  JSON.stringify([one?.jwksUrl, one?.caFile, one?.tokenFile, one?.privateAddresses]);

const checkTogether = (
  all: readonly OneCredential[],
  issue: (path: readonly PropertyKey[], message: string) => void,
): void => {
  for (const [at, one] of all.entries()) {
    const before = all.slice(0, at);
    if (before.some(({ name }) => name === one.name)) issue([at, 'name'], 'must not stand twice');
    const other = before.find(({ oidc: known }) => known !== undefined && known.issuer === one.oidc?.issuer);
    if (other !== undefined && keysOf(other) !== keysOf(one))
      issue([at, 'oidc'], `must say the same as ${other.name} of where the keys of its issuer are`);
  }
};

export const authConfig = only({
  credentials: z
    .array(credential, { error: 'must be a list' })
    .min(1, 'must hold at least one credential')
    .max(MOST_CREDENTIALS, `must not hold more than ${MOST_CREDENTIALS} credentials`)
    .superRefine((all, context) =>
      checkTogether(all, (path, message) => context.addIssue({ code: 'custom', path: [...path], message })),
    ),
}).meta({ title: 'AUTH_CONFIG: who may send what' });

export type AuthConfig = Readonly<z.infer<typeof authConfig>>;
export type OidcSettings = Readonly<z.infer<typeof oidc>>;
