/** What is scanned in one line: an image, or a repository and its revision. */
import { isJsonObject, type JsonObject } from '../conditions/status.ts';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export const artifactText = (artifact: JsonObject | undefined): string | undefined => {
  const [source] = Object.values(artifact ?? {}).filter(isJsonObject);
  if (source === undefined) return undefined;
  const where = textOf(source.image) || textOf(source.url);
  const revision = textOf(source.revision);
  return revision === '' ? where || undefined : `${where} at ${revision}`;
};
