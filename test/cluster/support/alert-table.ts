/** Tables of Amazon DynamoDB that `alert` remembers in, made in an emulator, and a network before it that loses answers. */
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { table } from '../../../infra/aws/alerts.ts';

/** Makes a table as it is deployed. */
export const createAlertTable = async (endpoint: string, name: string): Promise<void> => {
  const client = new DynamoDBClient({ endpoint });
  const { TimeToLiveSpecification: _, PointInTimeRecoverySpecification: __, ...properties } = table(name);
  await client.send(new CreateTableCommand(properties as CreateTableCommandInput));
  client.destroy();
};

export interface LossyNetwork {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** A way to a server on which answers get lost after it has done what was asked: those that `loses` says, by operation. */
export const lossyNetwork = async (to: string, loses: (operation: string) => boolean): Promise<LossyNetwork> => {
  const agent = new Agent({ keepAlive: true });
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const asked = request(new URL(incoming.url ?? '', to), {
      method: incoming.method,
      headers: incoming.headers,
      agent,
    });
    asked.end(await buffer(incoming));
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    const body = await buffer(answer);
    if (loses(String(incoming.headers['x-amz-target']).split('.')[1] ?? '')) incoming.socket.destroy();
    else outgoing.writeHead(answer.statusCode ?? 0, answer.headers).end(body);
  };
  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
};
