// How numbers and times are written, as regular expressions that the whole text must match. Every executor uses these
// very sources: they are kept to what JavaScript, RE2 (DuckDB) and Java (Spark) read alike.
import type { TimeFormat } from './transformation.js';

/** Of a number; its size is limited beside it (largestNumber in bucket.ts). */
export const numberGrammar = '-?[0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?';

const year = '([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])';
const hour = '([01][0-9]|2[0-3])';

/** Of a time. Whether the month has such a day is another check. */
export const timeGrammar: Record<TimeFormat, string> = {
  timestamp: `${year}-[0-9]{2}-[0-9]{2}[ T]${hour}:[0-5][0-9](:[0-5][0-9](\\.[0-9]+)?)?`,
  YYMMDDHH: `[0-9]{6}${hour}`,
  'unix-seconds': '[0-9]{1,11}',
};
