/**
 * Keeps what a Broker could not deliver: one line a request, as it came, which `npm run replay` reads.
 *
 * node keep-dead-letters.mjs FOLDER PORT. An event is answered 202 when it is on the disk, and 503 when it could not be
 * put there, so that its sender tries again. Each start begins a new file.
 */
import { open } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';

/** Bytes of a request. More than a function takes: one that was too large for it must not be lost here as well. */
const LARGEST = 8 * 1_048_576;

const [folder = '.', port = '8080'] = process.argv.slice(2);
let file;
let lastWrite = Promise.resolve();

const newFile = () => open(join(folder, `${new Date().toISOString().replaceAll(':', '')}.ndjson`), 'a', 0o640);

/** Half a line would spoil the next: it is taken back, or another file begun. */
const takeBack = async (size) => {
  try {
    await file.truncate(size);
  } catch {
    await file.close().catch(() => undefined);
    file = undefined;
  }
};

const append = async (line) => {
  file ??= await newFile();
  const { size } = await file.stat();
  try {
    await file.appendFile(line);
    await file.datasync();
  } catch (error) {
    await takeBack(size);
    throw error;
  }
};

/** One after the other, so that no line is written into another. */
const write = (line) => {
  const written = lastWrite.catch(() => undefined).then(() => append(line));
  lastWrite = written;
  return written;
};

/** The body; `undefined` where it is larger than is kept. Rejects where the sender goes away. */
const bodyOf = async (request) => {
  const pieces = [];
  let size = 0;
  for await (const piece of request) {
    size += piece.length;
    if (size <= LARGEST) pieces.push(piece);
  }
  return size > LARGEST ? undefined : Buffer.concat(pieces).toString('utf8');
};

const keep = async (request) => {
  const body = await bodyOf(request);
  if (body === undefined) return 413;
  const { url: path, rawHeaders } = request;
  await write(`${JSON.stringify({ receivedAt: new Date().toISOString(), path, rawHeaders, body })}\n`);
  return 202;
};

const statusOf = (request) => {
  if (request.method === 'GET') return Promise.resolve(request.url === '/healthz' ? 200 : 404);
  return request.method === 'POST' ? keep(request) : Promise.resolve(405);
};

const say = (told) => process.stdout.write(`${JSON.stringify(told)}\n`);

const server = createServer(async (request, response) => {
  try {
    const status = await statusOf(request);
    if (request.method === 'POST') say({ status, type: request.headers['ce-type'], id: request.headers['ce-id'] });
    response.writeHead(status).end();
  } catch (error) {
    say({ status: 503, why: error.message });
    response.writeHead(503, { 'retry-after': '60' }).end();
  }
});

server.listen(Number(port), () => say({ port: server.address().port }));
process.once('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
