/** Receivers as a file configures them: which kind each is, and where its secrets stand. None stands in the file itself. */
import * as z from 'zod';
import { addressRanges, exactlyOne, file, label, only, text, webUrl } from '../settings/fields.ts';

export const MOST_RECEIVERS = 50;

const headerName = text('the name of a header', 64)
  .regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'must be the name of a header')
  .toLowerCase()
  .refine((name) => !/^(?:ce-|authorization$|content-|host$|connection$|transfer-encoding$)/.test(name), {
    error: 'must be a header of its own',
  });

const topicArn = text('the ARN of a topic', 512).regex(
  /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w.-]+$/,
  'must be the ARN of a topic, arn:aws:sns:REGION:ACCOUNT:NAME',
);

const channel = text('the ID of a channel', 80).regex(
  /^#?[^\s#]+$/,
  'must be the ID of a channel, such as C0123456789',
);

const KINDS = {
  slack: only({ tokenFile: file, channel, url: webUrl.exactOptional() }),
  slackWebhook: only({ urlFile: file }),
  teams: only({ urlFile: file }),
  pagerDuty: only({ routingKeyFile: file, url: webUrl.exactOptional() }),
  alertmanager: only({ url: webUrl, tokenFile: file.exactOptional() }),
  webhook: only({
    urlFile: file,
    secretFile: file,
    timestampHeader: headerName.exactOptional(),
    signatureHeader: headerName.exactOptional(),
  }),
  sns: only({ topicArn, url: webUrl.exactOptional() }),
};

export type ReceiverKind = keyof typeof KINDS;
export const RECEIVER_KINDS = Object.keys(KINDS) as readonly ReceiverKind[];

const PER_SECOND = 'must be a number of requests in a second, from 0.01 to 1000';
const BURST = 'must be a number of requests at once, from 1 to 1000';

/** How fast it may be asked, where that is not what its maker publishes. */
const rate = only({
  perSecond: z.number({ error: PER_SECOND }).min(0.01, PER_SECOND).max(1_000, PER_SECOND),
  burst: z.int({ error: BURST }).min(1, BURST).max(1_000, BURST),
});

const kinds = (Object.entries(KINDS) as [ReceiverKind, z.ZodType][]).map(
  ([kind, fields]) => [kind, fields.exactOptional()] as const,
);
type OptionalKinds = { [Kind in ReceiverKind]: z.ZodExactOptional<(typeof KINDS)[Kind]> };

export const receiver = only({
  name: label('a name'),
  ...(Object.fromEntries(kinds) as OptionalKinds),
  /** Ranges of addresses at which it may be though they are not public. Only there it may be asked without TLS. */
  privateAddresses: addressRanges.default([]),
  /** PEM of the authorities that vouch for it; absent, those of the machine. */
  caFile: file.exactOptional(),
  rate: rate.exactOptional(),
})
  .superRefine(exactlyOne(RECEIVER_KINDS))
  .superRefine((one, context) => {
    for (const kind of ['slack', 'pagerDuty', 'alertmanager', 'sns'] as const)
      if (one[kind]?.url?.startsWith('http:') && one.privateAddresses.length === 0)
        context.addIssue({
          code: 'custom',
          path: [kind, 'url'],
          message: 'must be an https URL, or privateAddresses must say at which addresses it is',
        });
  });

/** A receiver as it is configured: of its kinds, one is there. */
export type ReceiverConfig = Readonly<z.infer<typeof receiver>>;

export const kindOf = (config: ReceiverConfig): ReceiverKind =>
  RECEIVER_KINDS.find((kind) => config[kind] !== undefined) as ReceiverKind;
