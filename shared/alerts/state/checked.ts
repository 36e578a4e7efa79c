/** What may be kept, checked before any store is asked, so that all of them refuse the same. */
import type { AlertState, RecordKey, RecordWrite } from '../state.ts';

const KEY = /^(?:scan|alert)-[0-9a-f]{64}$/;
/** Bytes. */
const LONGEST_VALUE = 256 * 1_024;
/** Milliseconds since 1970: the end of the year 9999, after which dates are written otherwise. */
const LAST_INSTANT = 253_402_300_799_999;

const mustBe = (isRight: boolean, problem: string): void => {
  if (!isRight) throw new RangeError(problem);
};

/** Whether it is one of ours, and not somebody else's that lies among them. */
export const isRecordKey = (name: unknown): name is RecordKey => typeof name === 'string' && KEY.test(name);

const checkKey = (key: RecordKey): void => mustBe(isRecordKey(key), `${JSON.stringify(key)} is no key of a record`);

const checkInstant = (name: string, instant: number): void =>
  mustBe(Number.isInteger(instant) && instant >= 0 && instant <= LAST_INSTANT, `${name} is no instant: ${instant}`);

const checkWrite = ({ key, value, dueAt, keepUntil }: RecordWrite): void => {
  checkKey(key);
  // JSON as it is written is well-formed; a half of a character would come back as another.
  mustBe(value.isWellFormed(), `the value of ${key} is no text`);
  const bytes = Buffer.byteLength(value);
  mustBe(bytes > 0 && bytes <= LONGEST_VALUE, `the value of ${key} has ${bytes} bytes, of at most ${LONGEST_VALUE}`);
  if (dueAt !== undefined) checkInstant('dueAt', dueAt);
  checkInstant('keepUntil', keepUntil);
};

/** The state, which rejects with `RangeError` what is none of its records: that is a mistake of ours. */
export const checked = (state: AlertState): AlertState => ({
  get: async (key) => {
    checkKey(key);
    return state.get(key);
  },
  put: async (write) => {
    checkWrite(write);
    return state.put(write);
  },
  due: async (now, most) => {
    checkInstant('now', now);
    mustBe(Number.isInteger(most) && most > 0, `no number of records: ${most}`);
    return state.due(now, most);
  },
  close: state.close,
});
