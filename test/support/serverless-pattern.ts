/**
 * Whether an EventBridge pattern lets an event through: of all that patterns can say, exact values.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html
 */
import { isJsonObject, type JsonObject } from '../../shared/conditions/status.ts';

export const matches = (pattern: JsonObject, event: unknown): boolean =>
  isJsonObject(event) &&
  Object.entries(pattern).every(([field, wanted]) => {
    const value = event[field];
    if (isJsonObject(wanted)) return matches(wanted, value);
    if (!Array.isArray(wanted) || !wanted.every((one) => typeof one === 'string'))
      throw new Error(`${field}: only exact texts are understood here`);
    // Of a list one element must match.
    return [value].flat().some((one) => wanted.includes(one as string));
  });
