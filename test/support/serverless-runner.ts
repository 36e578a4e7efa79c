/**
 * Runs a handler as Lambda's runtime does, in this process: loads it once, then calls it with one event after the other.
 *
 * Its argument is the file. Events come, and answers go, as messages of the parent process.
 */
import { pathToFileURL } from 'node:url';

const [file = ''] = process.argv.slice(2);
const { handler } = await import(pathToFileURL(file).href);
process.on('message', async (event) => {
  try {
    process.send?.({ answer: await handler(event, {}) });
  } catch (error) {
    process.send?.({ failed: String(error) });
  }
});
process.send?.('ready');
