/**
 * Requests to a function URL or an HTTP API, as AWS Lambda hands them over, and their answers.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html (payloads 1.0 and 2.0)
 */
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { isJsonObject, type JsonObject } from '../conditions/status.ts';
import type { HttpMessage } from '../events/message.ts';
import { Rejected } from '../events/rejected.ts';
import type { AnyFunction } from './function.ts';
import type { HttpAnswer } from './http-answer.ts';
import { INTERNAL } from './lambda-error.ts';
import { problem } from './problem.ts';
import { type Responding, respond } from './respond.ts';

type Answer = APIGatewayProxyStructuredResultV2;

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

const object = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

interface Route {
  readonly method: string;
  readonly path: string;
}

/** An HTTP API puts its stage before the path, unless it is the default one. */
const withoutStage = (path: string, stage: unknown): string => {
  const prefix = `/${text(stage)}`;
  return path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
};

const routeOf = ({ rawPath, path, httpMethod, requestContext }: JsonObject): Route => {
  const { http, stage } = object(requestContext);
  return {
    method: text(object(http).method) || text(httpMethod),
    path: withoutStage(text(rawPath) || text(path), stage) || '/',
  };
};

/** Payload 1.0 keeps a repeated header apart; in 2.0 it comes joined with commas, and no header of ours may repeat. */
const headersOf = ({ headers, multiValueHeaders }: JsonObject): HttpMessage['headers'] => {
  const all = isJsonObject(multiValueHeaders) ? multiValueHeaders : object(headers);
  return Object.entries(all).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => (typeof value === 'string' ? [[name, value] as const] : [])),
  );
};

/** Throws `Rejected` where the body is none that can be read, or not what the platform calls it. */
const readBody = (headers: HttpMessage['headers'], { body, isBase64Encoded }: JsonObject): HttpMessage['body'] => {
  const [, encoding] = headers.find(([name]) => name.toLowerCase() === 'content-encoding') ?? [];
  if (encoding && encoding.toLowerCase() !== 'identity')
    throw new Rejected('content-encoding', 'must be identity', { status: 415 });
  if (isBase64Encoded !== true) return text(body);
  const encoded = text(body);
  const bytes = Buffer.from(encoded, 'base64');
  // Node passes over what is no base64, so only the way back tells.
  if (bytes.toString('base64') !== encoded) throw new Rejected('body', 'must be base64');
  return bytes;
};

const answerOf = ({ status, headers, body = '' }: HttpAnswer): Answer => {
  if (typeof body !== 'string') throw new Error('an answer of Lambda is one piece');
  return { statusCode: status, headers, body, isBase64Encoded: false };
};

/** The functions behind a path; none where there is no such path. */
const functionsAt = (path: string, functions: readonly AnyFunction[]): readonly AnyFunction[] =>
  path === '/' ? functions : functions.filter(({ name }) => path === `/${name}`);

/** Whether IAM has let the sender in, as the URL or its API was told; nobody else can write into this part of the event. */
const isVouched = ({ requestContext }: JsonObject): boolean =>
  isJsonObject(object(object(requestContext).authorizer).iam);

const answerTo = async (
  event: JsonObject,
  functions: readonly AnyFunction[],
  responding: Responding,
): Promise<HttpAnswer> => {
  const headers = headersOf(event);
  const body = async () => readBody(headers, event);
  try {
    return await respond({ headers, body }, functions, responding, { vouched: isVouched(event) });
  } catch (err) {
    // Thrown, it would leave as a 502 that says neither what happened nor when to try again.
    responding.log.error({ err }, 'a request failed by our own mistake');
    return problem(503, INTERNAL, {}, { 'retry-after': '30' });
  }
};

const MAX_LOGGED = 256;

/** Answers a request: `POST /<function>`, or `POST /` for all functions of this process. */
export const handleRequest = async (
  event: JsonObject,
  functions: readonly AnyFunction[],
  responding: Responding,
): Promise<Answer> => {
  const { method, path } = routeOf(event);
  const turnAway = (status: number, detail: string, headers: Readonly<Record<string, string>> = {}): Answer => {
    responding.log.warn(
      { method: method.slice(0, MAX_LOGGED), path: path.slice(0, MAX_LOGGED), status, why: detail },
      'request',
    );
    return answerOf(problem(status, detail, {}, headers));
  };
  if (method !== 'POST') return turnAway(405, 'the method must be POST', { allow: 'POST' });
  const asked = functionsAt(path, functions);
  // A raw 404 would be sent again by Knative for ever, though the route is what is wrong.
  if (asked.length === 0)
    return turnAway(400, `path: must be / or one of ${functions.map(({ name }) => `/${name}`).join(', ')}`);
  return answerOf(await answerTo(event, asked, responding));
};
