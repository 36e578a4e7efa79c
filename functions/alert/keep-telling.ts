/** In a process that lives on, it looks itself at what is due: no event has to come again for it, and no tick. */
import type { AlertServices } from '../../shared/alerts/services.ts';
import type { Outcome } from '../../shared/alerts/tell.ts';
import { tellDue } from '../../shared/alerts/tell-due.ts';
import type { Logger } from '../../shared/runtime/log.ts';

/** Milliseconds between two looks. */
const TICK = 5_000;

/** What a sender would have heard of, had there been one. */
const logOutcomes =
  (log: Logger) =>
  (outcomes: readonly Outcome[]): void => {
    for (const { receiver, about, messages, next } of outcomes) {
      if (messages > 0) log.info({ receiver, about }, 'told what was due');
      if ('why' in next) log.warn({ receiver, about, why: next.why }, 'could not tell what was due');
    }
  };

/** Looks every few seconds at what is due, for as long as the process lives. */
export const keepTelling = (services: AlertServices, log: Logger): (() => Promise<void>) => {
  let working: Promise<void> = Promise.resolve();
  let isWorking = false;
  const look = (): void => {
    if (isWorking) return;
    isWorking = true;
    working = tellDue(services)
      .then(logOutcomes(log))
      .catch((error: unknown) => log.warn({ err: error }, 'what was due could not be told'))
      .finally(() => {
        isWorking = false;
      });
  };
  const timer = setInterval(look, TICK).unref();
  return async () => {
    clearInterval(timer);
    await working;
  };
};
