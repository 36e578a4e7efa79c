/** The function `alert` with receivers that write down what they are told, and a clock that a test moves. */
import { alert } from '../../functions/alert/handler.ts';
import type { Alert, MessageRef, Receiver } from '../../shared/alerts/alert.ts';
import { defaultRules } from '../../shared/alerts/default-rules.ts';
import { openTurns } from '../../shared/alerts/in-turn.ts';
import type { Rule } from '../../shared/alerts/rules.ts';
import type { AlertServices } from '../../shared/alerts/services.ts';
import { memoryAlertState } from '../../shared/alerts/state/memory.ts';
import type { AlertState } from '../../shared/alerts/state.ts';
import type { Event } from '../../shared/events/event.ts';
import { readScope } from '../../shared/runtime/config.ts';
import type { Handled } from '../../shared/runtime/function.ts';

interface Told {
  readonly receiver: string;
  readonly alert: Alert;
  readonly before?: MessageRef;
}

/** What goes wrong when a receiver is told; it is called before the message is taken. */
type Trouble = (told: Told) => void | Promise<void>;

export interface AlertWorld {
  readonly told: readonly Told[];
  /** What was told, each in a few words: `team: firing cart PolicySucceeded False`. */
  readonly lines: () => readonly string[];
  readonly send: (event: Event) => Promise<Handled>;
  readonly tick: () => Promise<Handled>;
  /** Moves the clock by so many minutes. */
  readonly pass: (minutes: number) => void;
  readonly now: () => number;
  readonly counted: Readonly<Record<'sent' | 'failed', readonly string[]>>;
  readonly state: AlertState;
}

interface Settings {
  readonly receivers?: readonly string[];
  readonly rules?: readonly Rule[];
  readonly state?: AlertState;
  readonly trouble?: Trouble;
  readonly renewEvery?: number;
  readonly replays?: AlertServices['replays'];
  readonly keepsDue?: boolean;
  readonly now?: () => number;
}

const TICK: Event = {
  id: '1',
  source: '/tick',
  type: 'dev.scanstatus.alerts-due.v1',
  specversion: '1.0',
  data: {},
  extensions: {},
};

/** A rule for a test, which is otherwise as the default ones are. */
export const ruleWith = (changes: Partial<Rule>): Rule => {
  const [policyFailed] = defaultRules(['team']);
  return { ...(policyFailed as Rule), ...changes };
};

const lineOf = ({ receiver, alert: { status, scan, group, condition, to } }: Told): string =>
  `${receiver}: ${status} ${group === undefined ? scan.name : `${group.scans} of ${group.namespace}`} ${condition} ${to}`;

export const alertWorld = (settings: Settings = {}): AlertWorld => {
  const { receivers = ['team'], rules = defaultRules(receivers), state = memoryAlertState() } = settings;
  const { trouble, renewEvery, replays = 'quiet', keepsDue = false } = settings;
  let clock = Date.UTC(2026, 2, 1, 12);
  const now = settings.now ?? (() => clock);
  const told: Told[] = [];
  const counted = { sent: [] as string[], failed: [] as string[] };
  const receiver = (name: string): Receiver => ({
    name,
    ...(renewEvery !== undefined && { renewEvery }),
    send: async (one, before) => {
      const message = { receiver: name, alert: one, ...(before && { before }) };
      await trouble?.(message);
      told.push(message);
      return { number: String(told.length) };
    },
    preview: (one) => ({ url: '', body: one }),
  });
  const { handle } = alert({
    telling: {
      state,
      rules,
      receivers: new Map(receivers.map((name) => [name, receiver(name)])),
      now,
      counts: {
        sent: (name) => void counted.sent.push(name),
        failed: (name) => void counted.failed.push(name),
      },
    },
    replays,
    keepsDue,
    inTurn: openTurns(),
  });
  const scope = readScope({});
  return {
    told,
    lines: () => told.map(lineOf),
    send: (event) => handle(event, scope),
    tick: () => handle(TICK, scope),
    pass: (minutes) => {
      clock += minutes * 60_000;
    },
    now,
    counted,
    state,
  };
};
