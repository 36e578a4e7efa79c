/** The file in which an operator says what may be fetched. */
import { load, YAMLException } from 'js-yaml';
import { type Sources, sourcesSchema } from './allow-list.ts';

/** What is wrong with the file, in one line. */
export class WrongSources extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'WrongSources';
  }
}

/** Nothing may be fetched. */
export const NO_SOURCES: Sources = { namespaces: {}, privateAddresses: [], s3PathStyle: false };

const parse = (text: string): unknown => {
  try {
    return load(text);
  } catch (cause) {
    throw new WrongSources(cause instanceof YAMLException ? cause.reason : 'is not YAML', { cause });
  }
};

/** Reads the sources from YAML. Throws `WrongSources`, naming the field. */
export const readSources = (text: string): Sources => {
  const parsed = sourcesSchema.safeParse(parse(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new WrongSources(`${(issue?.path ?? []).map(String).join('.') || 'the file'}: ${issue?.message}`, {
    cause: parsed.error,
  });
};
