/** The settings that are documented are those that are read. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { ROOT } from '../support/examples.ts';

const code = globSync(join(ROOT, 'shared/runtime/config*.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');
const text = readFileSync(join(ROOT, 'docs/settings.md'), 'utf8');

/** Those of a schema, and those that are taken from the environment by name. */
const read = new Set(
  [
    ...code.matchAll(
      /^ {2,4}([A-Z][A-Z_]+):|\{ ?([A-Z][A-Z_]+)(?:[:,][^}]*)? ?\}: Environment|\{ ([A-Z][A-Z_]+): \w+[.(]/gm,
    ),
  ]
    .flatMap(([, ...names]) => names)
    .filter((name) => name !== undefined),
);

it('are all in docs/settings.md', () => {
  expect(read.size).toBeGreaterThan(30);
  expect([...read].filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});

it('are read, if docs/settings.md has a row for them', () => {
  const rows = [...text.matchAll(/^\| ((?:`[A-Z_]+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) => cell.split(', '));
  const known = rows.map((cell) => cell.replaceAll('`', ''));
  expect(known.length).toBeGreaterThan(30);
  expect(known.filter((name) => !read.has(name))).toEqual([]);
});
