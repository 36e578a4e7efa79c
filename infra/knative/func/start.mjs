/**
 * Starts the function that the Knative Service is named for: what the image runs where nobody names one, as `func` does not.
 *
 * @see https://github.com/knative/specs/blob/main/specs/serving/runtime-contract.md (K_SERVICE, which Knative sets)
 */
import { readdirSync } from 'node:fs';

// biome-ignore lint/style/noProcessEnv: it runs before any of the settings is read, and decides who reads them.
const name = process.env.K_SERVICE;
const functions = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.mjs') && file !== 'start.mjs')
  .map((file) => file.slice(0, -'.mjs'.length));

if (functions.includes(name)) {
  await import(`./${name}.mjs`);
} else {
  process.stderr.write(`K_SERVICE: must be one of ${functions.join(', ')}, or name a file as argument\n`);
  process.exitCode = 1;
}
