/** A bundle that no policy can be taken from as it is; the text says where and why. */
export class UnusableBundle extends Error {
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'UnusableBundle';
  }
}

const MOST_SHOWN = 100;
const LISTED = 10;

/** A name out of a bundle as an error may show it: short, and on one line. */
export const shownName = (name: string): string => {
  const clean = name.toWellFormed().replace(/\p{Cc}/gu, '?');
  return clean.length > MOST_SHOWN ? `${clean.slice(0, MOST_SHOWN)}…` : clean;
};

/** The first of many names. */
export const shownNames = (names: readonly string[]): string => {
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : '';
  return `${names.slice(0, LISTED).map(shownName).join(', ')}${more}`;
};
