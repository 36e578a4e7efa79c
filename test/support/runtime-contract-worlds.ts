/** The worlds of the contract as services of this process. */
import { generateKeyPairSync } from 'node:crypto';
import { verifyWith } from '../../shared/policy/verdict-signature.ts';
import type { Verify } from '../../shared/runtime/decide.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import type { ScanStore } from '../../shared/scans/store.ts';
import { Conflict } from '../../shared/scans/unavailable.ts';
import type { World } from './runtime-contract-cases.ts';
import { storeOfTheGone, unavailableStore } from './server-stores.ts';

const { publicKey } = generateKeyPairSync('ed25519');

/** A store in which somebody else is always faster. */
const contestedStore = (): ScanStore => ({
  ...memoryStore({ maximum: 1_000 }),
  write: async () => {
    throw new Conflict();
  },
});

const ofItsOwn = (): ScanStore => memoryStore({ maximum: 1_000 });

const STORES: Readonly<Record<World, () => ScanStore>> = {
  usual: ofItsOwn,
  signed: ofItsOwn,
  away: () => ({ ...unavailableStore, list: ofItsOwn().list }),
  gone: storeOfTheGone,
  contested: contestedStore,
};

interface Services {
  readonly store: ScanStore;
  readonly verify?: Verify;
}

export const servicesIn = (world: World): Services => ({
  store: STORES[world](),
  ...(world === 'signed' && { verify: verifyWith(async () => [{ key: publicKey, algs: ['EdDSA'] }]) }),
});
