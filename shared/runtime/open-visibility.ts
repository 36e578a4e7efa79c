/** Queues whose messages are hidden; the client is loaded by the first of them, because it takes longer than a start may. */
import type { Visibility } from './visibility.ts';

export const openVisibility = (): Visibility => {
  let visibility: Promise<Visibility> | undefined;
  return {
    extend: async (receipt, seconds) => {
      visibility ??= import('./sqs.ts').then(({ sqsVisibility }) => sqsVisibility());
      await (await visibility).extend(receipt, seconds);
    },
  };
};
