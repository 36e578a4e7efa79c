/** What the clocks on the walls of a time zone show, and when: over the hours that are left out, and those that come twice. */
const MINUTE = 60_000;
const DAY = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(timeZone, format);
  return format;
};

/**
 * What they show at an instant, as the instant at which they would show it in Greenwich: whole seconds.
 *
 * @param timeZone IANA
 */
export const shownAt = (timeZone: string, instant: number): number => {
  const parts = formatOf(timeZone).formatToParts(instant);
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = (
    ['year', 'month', 'day', 'hour', 'minute', 'second'] as const
  ).map((type) => Number(parts.find((part) => part.type === type)?.value));
  return Date.UTC(year, month - 1, day, hour, minute, second);
};

/** The first minute after `before` at which they show this or later; at `after` they do. */
const firstMinute = (timeZone: string, shown: number, before: number, after: number): number => {
  let [early, late] = [before, after];
  while (late - early > MINUTE) {
    const middle = early + Math.floor((late - early) / MINUTE / 2) * MINUTE;
    if (shownAt(timeZone, middle) >= shown) late = middle;
    else early = middle;
  }
  return late;
};

/**
 * The first instant at which they show this or later: of a time that comes twice the first, and of one that is left out
 * the instant at which it is. So what is shown later is never sooner.
 *
 * @param shown as `shownAt` gives it, whole minutes
 */
export const instantOf = (timeZone: string, shown: number): number => {
  // No zone is further than 14 hours from Greenwich, and none sets its clocks twice in two days.
  const asNear = (instant: number): number => shown + instant - shownAt(timeZone, instant);
  const [before, after] = [asNear(shown - DAY), asNear(shown + DAY)] as const;
  const exact = [before, after].find((instant) => shownAt(timeZone, instant) === shown);
  return exact ?? firstMinute(timeZone, shown, Math.min(before, after), Math.max(before, after));
};
