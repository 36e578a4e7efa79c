/** Durations as Knative writes them (ISO 8601). */

/** Seconds in a duration of hours, minutes and seconds. */
export const seconds = (duration: unknown): number => {
  const [, h = 0, m = 0, s = 0] = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?$/.exec(String(duration)) ?? [];
  return Number(h) * 3_600 + Number(m) * 60 + Number(s);
};
