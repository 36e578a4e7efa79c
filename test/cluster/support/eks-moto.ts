/** Moto where it speaks as EKS does, with a cluster that is really there; and the Python that has botocore. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { startMoto, urlOf } from './moto.ts';

/** The Python that has moto, and so botocore; `undefined`, and said aloud, where this machine cannot have it. */
export const pythonOfMoto = async (environment = process.env): Promise<string | undefined> => {
  const moto = await startMoto(environment);
  await moto?.stop();
  const cache = environment.XDG_CACHE_HOME || join(homedir(), '.cache');
  return moto && globSync(join(cache, 'scan-status', 'moto-[0-9]*', 'bin', 'python')).at(-1);
};

/** Moto makes endpoints and authorities up; these lead somewhere. */
const WITH_CLUSTER = `
import sys
from moto.eks import models
models.ENDPOINT_TEMPLATE, ca = sys.argv[1:3]
del sys.argv[1:3]
made_up = models.Cluster.__init__
def real(self, *args, **named):
    made_up(self, *args, **named)
    self.certificate_authority = {"data": ca}
models.Cluster.__init__ = real
from moto.server import main
main()
`;

interface Cluster {
  readonly name: string;
  readonly region: string;
  readonly endpoint: string;
  /** PEM. */
  readonly ca: string;
}

const createCluster = async (url: string, { name, region }: Cluster): Promise<void> => {
  const authorization = `AWS4-HMAC-SHA256 Credential=AKIDADMIN/20260101/${region}/eks/aws4_request, SignedHeaders=host, Signature=0`;
  const body = JSON.stringify({ name, roleArn: 'arn:aws:iam::123456789012:role/eks', resourcesVpcConfig: {} });
  const headers = { authorization, 'content-type': 'application/json' };
  const { status } = await fetch(`${url}/clusters`, { method: 'POST', headers, body });
  if (status !== 200) throw new Error(`moto answers ${status} to a new cluster`);
};

/** Starts an AWS with one EKS cluster, on a free port of 127.0.0.1. */
export const startEks = async (python: string, cluster: Cluster) => {
  const told = ['-c', WITH_CLUSTER, cluster.endpoint, btoa(cluster.ca)];
  const child = spawn(python, [...told, '-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const closed = once(child, 'close');
  const url = await urlOf(child);
  child.stderr.resume();
  await createCluster(url, cluster);
  return {
    url,
    stop: async (): Promise<void> => {
      process.off('exit', kill);
      kill();
      await closed;
    },
  };
};
