/**
 * A node of the real cluster of which there is only what the API server asks a kubelet for: the logs of containers.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/server/server.go (getContainerLogs)
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach } from '@jest/globals';
import { createAuthority } from '../../support/certificates.ts';
import type { Api } from './api.ts';

export interface Kubelet {
  /** The node's name. */
  readonly node: string;
  /** Keeps what a container wrote; `POD/CONTAINER`. A text stands for what the kubelet itself says, and is no log. */
  readonly logs: Map<string, Uint8Array | { readonly status: number; readonly text: string }>;
  /** The logs that it was asked for. */
  readonly asked: readonly string[];
  readonly stop: () => Promise<void>;
}

const LOG = /^\/containerLogs\/[^/]+\/(?<log>[^/]+\/[^/]+)$/;

/** Makes a node known at which a kubelet listens. */
const createNode = async (admin: Api, port: number): Promise<string> => {
  const name = `node-${randomUUID().slice(0, 8)}`;
  const { code, message } = await admin.create('/api/v1/nodes', { metadata: { name } });
  if (code !== 201) throw new Error(message);
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  const patched = await admin.patch(`/api/v1/nodes/${name}/status`, { status });
  if (patched.code !== 200) throw new Error(patched.message);
  return name;
};

const start = async (admin: Api): Promise<Kubelet> => {
  const logs: Kubelet['logs'] = new Map();
  const asked: string[] = [];
  const server = createServer(createAuthority().issue('kubelet'), (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'https://kubelet');
    const name = LOG.exec(decodeURIComponent(pathname))?.groups?.log ?? '';
    asked.push(name);
    const log = logs.get(name) ?? { status: 400, text: `container of ${name} is not available` };
    if (!(log instanceof Uint8Array)) return void response.writeHead(log.status).end(log.text);
    return void response.end(log.subarray(0, Number(searchParams.get('limitBytes') ?? log.length)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { node: await createNode(admin, port), logs, asked, stop };
};

/** Call it where tests are described: what it gives starts a kubelet, which is stopped after its test. */
export const kubelets = (): ((admin: Api) => Promise<Kubelet>) => {
  const running: Kubelet[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ stop }) => stop()));
  });
  return async (admin) => {
    const kubelet = await start(admin);
    running.push(kubelet);
    return kubelet;
  };
};
