/** A folder for the files of one test file, gone afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';

/** A fresh folder; call it where tests are described. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-status-test-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  return folder;
};
