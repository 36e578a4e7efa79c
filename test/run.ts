/** `npm test`: everything that needs only Node. */
import { runJest } from './support/run-jest.ts';

process.exitCode = await runJest(['--coverage', ...process.argv.slice(2)]);
