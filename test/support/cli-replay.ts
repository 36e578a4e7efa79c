/** A replay without a process: texts of lines in, and what became of each event. */
import { allFunctions } from '../../functions/all.ts';
import type { Line } from '../../shared/replay/lines.ts';
import { leavesOut, replay, type Selection, type Summary } from '../../shared/replay/run.ts';
import { readScope } from '../../shared/runtime/config.ts';
import type { Received } from '../../shared/runtime/received.ts';
import { memoryStore } from '../../shared/scans/memory.ts';
import type { ScanStore } from '../../shared/scans/store.ts';
import { statuses } from './statuses.ts';

/** One block of lines for each of `texts`. */
export async function* blocksOf(texts: readonly Line['text'][]): AsyncGenerator<readonly Line[]> {
  for (const [at, text] of texts.entries()) yield [{ number: at + 1, file: 'archive', text, bytes: at + 1 }];
}

interface Replayed {
  readonly summary: Summary;
  readonly events: readonly { readonly line: number; readonly received: Received }[];
  readonly statuses: Awaited<ReturnType<typeof statuses>>;
}

export const replayTexts = async (
  texts: readonly Line['text'][],
  { selection = {}, store = memoryStore({ maximum: 1_000 }) }: { selection?: Selection; store?: ScanStore } = {},
): Promise<Replayed> => {
  const events: Replayed['events'][number][] = [];
  const services = { store, scope: readScope({}), passesOver: leavesOut(selection) };
  const summary = await replay(blocksOf(texts), allFunctions, services, {
    event: ({ number }, received) => {
      events.push({ line: number, received });
    },
    progress: () => {},
  });
  return { summary, events, statuses: await statuses(store) };
};
