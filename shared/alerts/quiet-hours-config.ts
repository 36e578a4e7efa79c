/** Quiet hours as a file configures them. */
import * as z from 'zod';
import { listOf, only, word } from '../settings/fields.ts';
import { SEVERITIES } from './alert.ts';
import type { QuietHours } from './quiet-hours.ts';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const WHOLE_DAY = 1_440;

const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

const FROM = 'must be a time such as "22:00"';
const from = z
  .string({ error: FROM })
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, FROM)
  .transform(minutesOf);

const TO = 'must be a time such as "07:00", or "24:00"';
const to = z
  .string({ error: TO })
  .regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, TO)
  .transform(minutesOf);

const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).format(0) !== '' && /^[A-Za-z]/.test(name);
  } catch {
    return false;
  }
};

const TIME_ZONE = 'must be a time zone such as Europe/Berlin or UTC';

export const quietHours = only({
  from,
  /** Where it is not the later, it is of the next day. */
  to,
  timeZone: z.string({ error: TIME_ZONE }).max(64, TIME_ZONE).refine(isTimeZone, { error: TIME_ZONE }),
  /** On which they begin; absent, every day. */
  days: listOf(word(DAYS), 'days', DAYS.length).exactOptional(),
  /** What is told nevertheless. */
  except: listOf(word(SEVERITIES), 'severities', SEVERITIES.length).default([]),
})
  .superRefine((hours, context) => {
    const isEveryDay = new Set(hours.days ?? DAYS).size === DAYS.length;
    if (hours.from === hours.to)
      context.addIssue({
        code: 'custom',
        path: ['to'],
        message: 'must not be the same as from; "24:00" ends a whole day',
      });
    else if (isEveryDay && hours.from === 0 && hours.to === WHOLE_DAY)
      context.addIssue({ code: 'custom', message: 'would never end: name the days, or other hours' });
  })
  .transform(
    ({ days, ...hours }): QuietHours => ({ ...hours, ...(days && { days: days.map((day) => DAYS.indexOf(day)) }) }),
  );
