/** What EventBridge Scheduler makes of a schedule's input when it is time. */

/** @see https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html */
const ATTRIBUTES = {
  'schedule-arn': 'arn:aws:scheduler:eu-central-1:123456789012:schedule/default/due',
  'execution-id': 'd32c5kddcf5bb8c3',
  'scheduled-time': '2025-06-01T10:00:00Z',
} as const;

/** Throws where the input asks for what there is not. */
export const filledIn = (input: string): string => {
  const filled = Object.entries(ATTRIBUTES).reduce(
    (text, [name, value]) => text.replaceAll(`<aws.scheduler.${name}>`, value),
    input,
  );
  if (filled.includes('<aws.')) throw new Error(`the scheduler fills in no such thing: ${filled}`);
  return filled;
};
