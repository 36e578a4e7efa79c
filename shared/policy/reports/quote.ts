/** Pieces of a report in the text of an error: short, on one line, and nothing that a terminal would obey. */

const MOST_CHARACTERS = 60;

/** Letters, digits, punctuation and symbols can be shown; controls, marks and directions cannot. */
const UNPRINTABLE = /[^\p{L}\p{N}\p{P}\p{S} ]/gu;

/** The start of a stranger's text, fit for an error's line. */
export const printable = (text: string, most = MOST_CHARACTERS): string => {
  // Cut before it is cleaned: the text may be the whole report.
  const shown = text.slice(0, most).toWellFormed().replace(UNPRINTABLE, '?');
  return text.length > most ? `${shown}…` : shown;
};
