/** The body of an answer, read to its end or to the most that is taken. */
import { addAbortSignal, type Readable } from 'node:stream';
import { RefusedSource } from './refused-source.ts';

interface Body {
  /** Whose body it is, for errors. */
  readonly subject: string;
  readonly stream: Readable;
  /** What the answer says of it, in header fields. */
  readonly length?: string | number | undefined;
  readonly encoding?: string | undefined;
}

const tooLarge = (subject: string, maximum: number): RefusedSource =>
  new RefusedSource(`${subject} holds more than the ${maximum} bytes that are allowed`);

/**
 * All bytes of a body. Throws `RefusedSource` where there are more than `maximum`, or where they are compressed for the
 * way: what they would become is not bounded by their number.
 */
export const readBounded = async (
  { subject, stream, length, encoding = 'identity' }: Body,
  maximum: number,
  signal: AbortSignal,
): Promise<Uint8Array> => {
  const body = addAbortSignal(signal, stream);
  // The loops below may never look at it again.
  body.on('error', () => undefined);
  if (encoding.toLowerCase() !== 'identity')
    throw new RefusedSource(`${subject} has the content encoding ${encoding.slice(0, 32)}; it must have none`);
  if (Number(length) > maximum) throw tooLarge(subject, maximum);
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    bytes += piece.length;
    if (bytes > maximum) throw tooLarge(subject, maximum);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
};
