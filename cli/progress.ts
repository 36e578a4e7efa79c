/** A progress bar on a terminal, for files that take long. */
import { Presets, SingleBar } from 'cli-progress';
import type { Line } from '../shared/replay/lines.ts';

export interface Progress {
  readonly at: (line: Line) => void;
  readonly stop: () => void;
}

/** Files below this replay before a bar could be read. */
const LONG = 8 * 1_048_576;

/** @param total the bytes to come */
export const startProgress = (total: number, shuffled: boolean): Progress => {
  if (!process.stderr.isTTY || total < LONG) return { at: () => {}, stop: () => {} };
  const bar = new SingleBar(
    { format: '{bar} {percentage} %  {eta} s left', clearOnComplete: true, hideCursor: true },
    Presets.shades_classic,
  );
  let before = 0;
  let last = 0;
  bar.start(total, 0);
  const at = ({ bytes }: Line): void => {
    // In order, the bytes begin again with every file and round.
    if (!shuffled && bytes < last) before += last;
    last = bytes;
    bar.update(Math.min(total, before + bytes));
  };
  return { at, stop: () => bar.stop() };
};
