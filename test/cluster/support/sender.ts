/** A sender as event sources are when they are good: what was not taken is sent again until it is. */
import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { JsonObject } from '../../../shared/conditions/status.ts';
import { JOB_FINISHED, JOB_STARTED, POLICY_EVALUATED } from '../../../shared/events/types.ts';
import { type Answer, send } from '../../support/http-client.ts';
import { structured } from '../../support/http-messages.ts';

/** Milliseconds after which it tries again, where a function would have it wait for longer. */
const PATIENCE = 250;

export interface Sender {
  /** Resolves once the event was taken. Rejects where it was refused for good. */
  readonly deliver: (url: string, event: JsonObject) => Promise<void>;
  /** How often an event was sent again. */
  readonly again: () => number;
  /** Gives up whatever is still on its way. */
  readonly stop: () => void;
}

/** The function that an event is for; there are scans of which nobody shall evaluate a policy beside it. */
const ROUTES: ReadonlyMap<unknown, string> = new Map([
  [JOB_STARTED, '/job-started'],
  [JOB_FINISHED, '/job-finished'],
  [POLICY_EVALUATED, '/policy-evaluated'],
]);

export const ownRoute = ({ type }: JsonObject): string => ROUTES.get(type) ?? '/';

/** @param pathOf where an event is posted to; absent, to all functions that take it */
export const newSender = (inFlight: number, pathOf: (event: JsonObject) => string = () => '/'): Sender => {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight });
  let again = 0;
  let isOver = false;
  const attempt = (url: string, event: JsonObject): Promise<Answer | undefined> =>
    send(url, structured(event, pathOf(event)), agent).catch(() => undefined);
  return {
    deliver: async (url, event) => {
      while (!isOver) {
        const answer = await attempt(url, event);
        if (answer !== undefined && answer.status < 300) return;
        if (answer !== undefined && answer.status !== 503) throw new Error(`${answer.status} ${answer.body}`);
        again += 1;
        await delay(Math.min(PATIENCE, Number(answer?.headers['retry-after'] ?? 0) * 1_000));
      }
    },
    again: () => again,
    stop: () => {
      isOver = true;
      agent.destroy();
    },
  };
};
