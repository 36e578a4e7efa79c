/** One step on the way to a source: the URL asked, and what its answer means for the next. */
import { Unavailable } from '../scans/unavailable.ts';
import { NotThere, RefusedSource, shownUrl } from './refused-source.ts';

export type Headers = Readonly<Record<string, string>>;

/** A URL to be asked, and what is sent there. */
export interface Step {
  readonly url: URL;
  readonly headers: Headers;
  /** The URL that redirects to this one. */
  readonly from?: URL;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** Answers that another day may be others: we are not known, or it is busy. So is every 5xx. */
const PASSING = new Set([401, 403, 407, 408, 425, 429]);
/** Header fields that tell another origin nothing about us. */
const HARMLESS = new Set(['accept', 'if-none-match']);

/** A step as a sentence begins with it: `https://a/b redirects to PLACE, which`. */
export const subjectOf = ({ url, from }: Step, place = shownUrl(url)): string =>
  from === undefined ? place : `${shownUrl(from)} redirects to ${place}, which`;

/** Throws `RefusedSource` for a URL that is nothing we ask, whatever is allowed. */
export const checkUrl = (step: Step): void => {
  const { protocol, username, password } = step.url;
  if (protocol !== 'https:' && protocol !== 'http:')
    throw new RefusedSource(`${subjectOf(step)} is neither https nor http`);
  if (username !== '' || password !== '') throw new RefusedSource(`${subjectOf(step)} holds a name or password`);
};

/** The step that an answer sends us on to; `undefined` where it is the last one. Throws `RefusedSource`. */
export const nextStep = ({ url, headers }: Step, status: number, location: string | undefined): Step | undefined => {
  if (!REDIRECTS.has(status) || location === undefined) return undefined;
  const next = URL.parse(location, url.href);
  if (next === null) throw new RefusedSource(`${shownUrl(url)} redirects to what is no URL`);
  // Credentials are for whom they were given; once they were left out they stay out, though the way may lead back.
  const harmless = Object.entries(headers).filter(([name]) => HARMLESS.has(name.toLowerCase()));
  return { url: next, from: url, headers: next.origin === url.origin ? headers : Object.fromEntries(harmless) };
};

/** Throws what a status means that is no success: `NotThere`, `Unavailable` or `RefusedSource`. */
export const checkStatus = (step: Step, status: number): void => {
  // A part that nobody asked for (206) is not the whole.
  if (status === 304 || (status >= 200 && status < 300 && status !== 206)) return;
  if (status === 404 || status === 410) throw new NotThere(subjectOf(step));
  const problem = `${shownUrl(step.url)} answered ${status}`;
  if (status >= 500 || PASSING.has(status)) throw new Unavailable(problem);
  throw new RefusedSource(problem);
};
