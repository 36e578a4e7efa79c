/**
 * A process that calls handlers of AWS Lambda as its runtime would: each from a file, under its own settings. A message in
 * says which and with what; a message out says what it answered, or what it threw.
 */
import type { JsonObject } from '../../shared/conditions/status.ts';

export interface Call {
  readonly id: number;
  readonly file: string;
  /** Calls of one world come to one handler, which has read its settings once. */
  readonly world: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly event: JsonObject;
}

export interface Called {
  readonly id: number;
  readonly answer?: unknown;
  readonly error?: string;
}

type Handler = (event: JsonObject) => Promise<unknown>;

const ENVIRONMENT = { ...process.env };
const handlers = new Map<string, Promise<Handler>>();

const handlerOf = ({ file, world, environment }: Call): Promise<Handler> => {
  for (const name of Object.keys(process.env)) if (!(name in ENVIRONMENT)) delete process.env[name];
  Object.assign(process.env, environment);
  const url = `${file}?${world}`;
  const known = handlers.get(url) ?? import(url).then(({ handler }: { readonly handler: Handler }) => handler);
  handlers.set(url, known);
  return known;
};

const call = async (asked: Call): Promise<Called> => {
  try {
    return { id: asked.id, answer: await (await handlerOf(asked))(asked.event) };
  } catch (error) {
    return { id: asked.id, error: String(error) };
  }
};

process.on('message', (asked: Call) => void call(asked).then((called) => process.send?.(called)));
