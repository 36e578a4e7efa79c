/** The file in which an operator says what may be fetched. */
import { readYaml } from '../settings/yaml-file.ts';
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

/** Reads the sources from YAML. Throws `WrongSources`, naming the field. */
export const readSources = (text: string): Sources => readYaml(text, sourcesSchema, WrongSources);
