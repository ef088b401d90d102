// The text of a cell that JavaScript hands over: what transformation.ts says of cells and numbers, as a function.
import { BadCell } from './bad-cell.js';

/** What a raw row may hold. A `Date` is a point in time on the UTC clock. NULL, undefined and '' are missing. */
export type Cell = string | number | bigint | boolean | Date | null | undefined;

/** The text of a cell, null if it is missing. @throws BadCell for what is none, such as an object */
export function cellText(cell: Cell, column: string): string | null {
  if (typeof cell === 'string') return cell === '' ? null : cell;
  if (cell === null || cell === undefined) return null;
  if (typeof cell === 'number') return numberText(cell);
  if (typeof cell === 'bigint' || typeof cell === 'boolean') return String(cell);
  if (cell instanceof Date && !Number.isNaN(cell.getTime())) return timeText(cell);
  const found =
    cell instanceof Date ? 'Invalid Date' : Array.isArray(cell) ? 'a list' : `a value of type ${typeof cell}`;
  throw new BadCell(column, found, 'a text, a number, true or false, a time, or nothing');
}

/** The text of a number (transformation.ts). @example numberText(25) // '25' */
export function numberText(x: number): string {
  if (Number.isInteger(x) && Math.abs(x) < 2 ** 63) {
    // String() writes all digits below 1e21, but those of the shortest number that reads back, not all of x's own.
    return Number.isSafeInteger(x) ? String(x) : String(BigInt(x));
  }
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x > 0 ? 'inf' : '-inf';
  const sign = x < 0 ? '-' : '';
  const [mantissa, power] = Math.abs(x).toExponential().split('e');
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const digits = mantissa.replace('.', '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

/** `2001-01-31 23:59:00`, with a fraction where it is not 0. */
function timeText(time: Date): string {
  const iso = time.toISOString().replace('T', ' ');
  return iso.replace(/\.?0*Z$/, '');
}
