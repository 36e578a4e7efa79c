/** Sources that will not be read: to ask again does not help, to name another one does. */

/** The source may not be read, or what it holds may not be used; the text says which and why. */
export class RefusedSource extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'RefusedSource';
  }
}

/** The source would be read, but there is nothing. */
export class NotThere extends RefusedSource {
  constructor(subject: string, options?: ErrorOptions) {
    super(`${subject} is not there`, options);
    this.name = 'NotThere';
  }
}

const MOST_SHOWN = 200;

/** A URL as errors and logs may show it: short, and without a query, which is where signed URLs keep their secret. */
export const shownUrl = ({ protocol, host, pathname }: URL): string => {
  const whole = `${protocol}//${host}${pathname}`;
  return whole.length > MOST_SHOWN ? `${whole.slice(0, MOST_SHOWN)}…` : whole;
};
