/** Puts parts of `infra` into a cluster. */
import { setTimeout as delay } from 'node:timers/promises';
import { type Access, kubectl, kubectlText } from './cluster.ts';

const TRIES = 5;

/** Installs a part of `infra`; other tests may be at it, too. */
export const installInto = async (access: Access, part: string, ...more: readonly string[]): Promise<void> => {
  const folder = new URL(`../../../infra/${part}`, import.meta.url).pathname;
  for (let tried = 1; ; tried += 1) {
    const { code, stderr } = await kubectl(access, ['apply', ...more, '-k', folder]);
    if (code === 0) return;
    if (tried === TRIES) throw new Error(stderr);
    await delay(200 * tried);
  }
};

/** Installs the CRDs, and waits until the server serves them. */
export const installCrds = async (access: Access): Promise<void> => {
  await installInto(access, 'crds');
  await kubectlText(access, ['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
};
