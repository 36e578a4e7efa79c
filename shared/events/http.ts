/** The CloudEvents SDK's reading of a message that our own check has passed; the only file that knows the SDK. */
import { type CloudEvent, HTTP } from 'cloudevents';
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import { type Event, readEvent } from './event.ts';
import type { EventReader, Mode } from './message.ts';
import { Rejected } from './rejected.ts';

/**
 * The message as the SDK reads it best: it takes content types by the letter, and a body in parsed form.
 * A batch goes in event by event, so that one bad event does not cost the others.
 */
const sdkMessage = ({ data, extensions, ...context }: Event, mode: Mode): Parameters<typeof HTTP.toEvent>[0] => {
  // The SDK takes these names for attributes of an older specification, and refuses them or decodes the data again.
  const { schemaurl: _, datacontentencoding: __, ...others } = extensions;
  const attributes = { ...context, ...others };
  if (mode !== 'binary')
    return { headers: { 'content-type': 'application/cloudevents+json' }, body: { ...attributes, data } };
  const headers = Object.entries(attributes).map(([name, value]) => [`ce-${name}`, String(value)]);
  return { headers: { 'content-type': 'application/json', ...Object.fromEntries(headers) }, body: data };
};

const readWithSdk = (event: Event, mode: Mode): CloudEvent<JsonObject> => {
  const { stackTraceLimit } = Error;
  // The SDK makes its errors before it knows whether it needs one, and a stack costs more than all the rest.
  Error.stackTraceLimit = 0;
  try {
    return HTTP.toEvent<JsonObject>(sdkMessage(event, mode)) as CloudEvent<JsonObject>;
  } catch (cause) {
    throw new Rejected('body', 'must be a CloudEvent', { cause });
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
};

/** Reads an event through our check, then through the SDK. Throws `Rejected`. */
export const httpReader: EventReader = (envelope, mode) => {
  const checked = readEvent(envelope);
  const { id, source, type, data } = readWithSdk(checked, mode);
  if (!isJsonObject(data)) throw new Rejected('data', 'must be an object');
  return { ...checked, id, source, type, data };
};
