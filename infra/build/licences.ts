/** The licences of the packages whose code is in the bundles. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
const PACKAGE = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const LICENCE_FILE = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i;

interface Package {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** The texts that come with it; none where it brings none. */
  readonly texts: readonly string[];
}

const packageIn = (folder: string): Package => {
  const { name, version, license } = JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
  const files = readdirSync(join(ROOT, folder)).filter((file) => LICENCE_FILE.test(file));
  if (typeof license !== 'string') throw new Error(`${name} does not say its licence in package.json`);
  return {
    name,
    version,
    licence: license,
    texts: files.toSorted().map((file) => readFileSync(join(ROOT, folder, file), 'utf8').trim()),
  };
};

/** The packages that these files, named from the project's folder, belong to. */
const packagesOf = (inputs: readonly string[]): readonly Package[] => {
  const folders = new Set(inputs.flatMap((file) => PACKAGE.exec(file)?.[1] ?? []));
  return [...folders].toSorted().map(packageIn);
};

const entry = ({ name, version, licence, texts }: Package): string =>
  [`${name} ${version}: ${licence}`, ...texts].join('\n\n');

/** The list as it goes with the bundles: each package, its version, its licence, and the licence's text. */
export const licenceList = (inputs: readonly string[]): string =>
  ['The code of these packages is part of this bundle.', ...packagesOf(inputs).map(entry)].join(
    `\n\n${'-'.repeat(80)}\n\n`,
  );
