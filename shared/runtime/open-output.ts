/** Opens the output that the settings name. Clients of AWS are loaded by the first event: they take longer than a start may. */
import type { RuntimeSettings } from './config.ts';
import type { Output } from './output.ts';
import { sinkOutput } from './sink.ts';

const whenFirstUsed = (open: () => Promise<Output>): Output => {
  let output: Promise<Output> | undefined;
  return {
    send: async (events) => {
      output ??= open();
      return (await output).send(events);
    },
  };
};

/** `undefined` where the settings name none: then what is emitted is the answer. */
export const openOutput = ({
  sink,
  bus,
  queue,
}: Pick<RuntimeSettings, 'sink' | 'bus' | 'queue'>): Output | undefined => {
  if (sink !== undefined) return sinkOutput(sink);
  if (bus !== undefined) return whenFirstUsed(async () => (await import('./event-bus.ts')).busOutput(bus));
  if (queue !== undefined) return whenFirstUsed(async () => (await import('./sqs.ts')).queueOutput(queue));
  return undefined;
};
