// A point in time as its parts, read from text by the grammar of its format, or null if it is none.
import { timeGrammar } from './grammar.js';
import type { TimeFormat, TimePart } from './transformation.js';

/** Parts of a Gregorian date and clock; month and day count from 1. */
export interface Moment {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
}

const grammars = Object.fromEntries(
  Object.entries(timeGrammar).map(([format, grammar]) => [format, new RegExp(`^(?:${grammar})$`)]),
) as Record<TimeFormat, RegExp>;

const readers: Record<TimeFormat, (text: string) => Moment> = {
  timestamp: (text) => ({
    year: Number(text.slice(0, 4)),
    month: Number(text.slice(5, 7)),
    day: Number(text.slice(8, 10)),
    hour: Number(text.slice(11, 13)),
    minute: Number(text.slice(14, 16)),
  }),
  YYMMDDHH: (text) => ({
    year: 2000 + Number(text.slice(0, 2)),
    month: Number(text.slice(2, 4)),
    day: Number(text.slice(4, 6)),
    hour: Number(text.slice(6, 8)),
    minute: 0,
  }),
  'unix-seconds': (text) => {
    const date = new Date(1000 * Number(text));
    return {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
    };
  },
};

/** Reads a time. Null for what is none, such as February 30. */
export function readMoment(text: string, format: TimeFormat): Moment | null {
  if (!grammars[format].test(text)) return null;
  const moment = readers[format](text);
  return isDay(moment) ? moment : null;
}

/** One part, as the text that it is a value by. */
export const timePartText: Record<TimePart, (moment: Moment) => string> = {
  hour: ({ hour }) => String(hour),
  weekday: (moment) => String(weekday(moment)),
  is_weekend: (moment) => (weekday(moment) % 6 === 0 ? '1' : '0'),
  month: ({ month }) => String(month),
  day: ({ year, month, day }) => `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`,
  hhmm: ({ hour, minute }) => padded(100 * hour + minute, 4),
};

function padded(n: number, digits: number): string {
  return String(n).padStart(digits, '0');
}

const days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function isDay({ year, month, day }: Moment): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return day <= days[month - 1] + (month === 2 && isLeap ? 1 : 0);
}

/** Weekday on which March 1 and the firsts of the months after it fall, in years of March to February (Sakamoto). */
const monthShift = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];

/** 0 is Sunday. */
function weekday({ year, month, day }: Moment): number {
  const y = month < 3 ? year - 1 : year;
  const leaps = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return (y + leaps + monthShift[month - 1] + day) % 7;
}
