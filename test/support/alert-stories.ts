/** What happened to many scans, as events of it, and what is wrong with them in the end. */
import type { Event } from '../../shared/events/event.ts';
import { completed, crashed, failed, type OfRun, passed, started, unjudged } from './alert-changes.ts';

/** Whole numbers below `most`, the same in every run of a test. */
export type Dice = (most: number) => number;

export interface Story {
  readonly events: readonly Event[];
  /** What is open in the end: `NAMESPACE/NAME CONDITION`. */
  readonly open: ReadonlySet<string>;
}

interface Happening {
  readonly of: (of: OfRun) => Event;
  readonly condition: string;
  readonly isWrong: boolean;
}

const STARTED: Happening = { of: started, condition: 'Scanning', isWrong: false };
const COMPLETED: Happening = { of: completed, condition: 'Succeeded', isWrong: false };
const CRASHED: Happening = { of: crashed, condition: 'Succeeded', isWrong: true };
const PASSED: Happening = { of: passed, condition: 'PolicySucceeded', isWrong: false };
const FAILED: Happening = { of: failed, condition: 'PolicySucceeded', isWrong: true };
const UNJUDGED: Happening = { of: unjudged, condition: 'PolicySucceeded', isWrong: true };

const ENDS = [COMPLETED, COMPLETED, CRASHED] as const;
const VERDICTS = [PASSED, FAILED, FAILED, UNJUDGED] as const;
const RUNS = 7;

const happeningsOf = (run: number, dice: Dice): readonly Happening[] => [
  ...(run < RUNS - 1 ? [STARTED] : []),
  ENDS[dice(ENDS.length)] ?? COMPLETED,
  VERDICTS[dice(VERDICTS.length)] ?? PASSED,
];

/** Twenty changes of each scan: seven runs, of the newest of which nobody tells the start. */
export const storyOf = (scans: number, dice: Dice): Story => {
  const names = Array.from({ length: scans }, (_, at) => `scan-${at}`);
  const runs = Array.from({ length: RUNS }, (_, run) => run);
  const all = names.flatMap((scan) =>
    runs.flatMap((run) => happeningsOf(run, dice).map((one) => ({ ...one, scan, run: run * 10, after: 2 }))),
  );
  const last = new Map(all.map(({ scan, condition, isWrong }) => [`shop/${scan} ${condition}`, isWrong]));
  return {
    events: all.map(({ of, ...when }) => of(when)),
    open: new Set([...last].filter(([, isWrong]) => isWrong).map(([subject]) => subject)),
  };
};
