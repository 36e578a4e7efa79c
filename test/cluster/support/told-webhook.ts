/** A webhook that alert tells, and the files of a layer that say so. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { MACHINE_CLOCK } from '../../../shared/alerts/receivers/rate.ts';
import { WEBHOOK_SECRET, webhook } from '../../support/receivers/webhook-server.ts';

export interface ToldWebhook {
  /** The events that it was told, in their order. */
  readonly told: readonly Readonly<Record<string, unknown>>[];
  readonly close: () => Promise<void>;
}

/** Starts it, and writes `alerts.yaml` and what that names into the folder. @param table where alert remembers */
export const startWebhook = async (folder: string, table: string): Promise<ToldWebhook> => {
  const { vendor, events } = webhook({ ...MACHINE_CLOCK, move: () => undefined, slept: [] });
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const { status, body = '' } = vendor({ method, path: url, headers, body: await text(request) });
    response.writeHead(status).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver = {
    name: 'ops',
    webhook: { urlFile: 'webhook-url', secretFile: 'webhook-secret' },
    privateAddresses: ['127.0.0.0/8'],
  };
  const config = { receivers: [receiver], state: { dynamoDb: { table } } };
  // JSON is YAML.
  writeFileSync(join(folder, 'alerts.yaml'), JSON.stringify(config));
  writeFileSync(join(folder, 'webhook-url'), `http://127.0.0.1:${(server.address() as AddressInfo).port}/alerts\n`);
  writeFileSync(join(folder, 'webhook-secret'), `${WEBHOOK_SECRET}\n`);
  return {
    told: events,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
};
