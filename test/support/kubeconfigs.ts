/** Kubeconfig files of a test. */
import { writeFileSync } from 'node:fs';
import type { JsonObject } from '../../shared/conditions/status.ts';

interface Told {
  readonly server: string;
  /** PEM of the authority to be trusted. */
  readonly ca?: string;
  readonly cluster?: JsonObject;
  readonly user?: JsonObject;
}

/** A kubeconfig of one context. It is JSON, which is YAML. */
export const kubeconfig = ({ server, ca, cluster = {}, user = {} }: Told): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'test',
  contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  clusters: [
    {
      name: 'test',
      cluster: {
        server,
        ...(ca === undefined ? { 'insecure-skip-tls-verify': true } : { 'certificate-authority-data': btoa(ca) }),
        ...cluster,
      },
    },
  ],
  users: [{ name: 'test', user }],
});

/** Writes a kubeconfig and gives back its path. */
export const writeKubeconfig = (file: string, told: Told): string => {
  writeFileSync(file, JSON.stringify(kubeconfig(told)));
  return file;
};
