// The sentence for a cell that does not hold what its column must: the same whoever reads the row.
import { UserError } from '../errors.js';

/** A cell that cannot be read. Who knows where the row stands says it with `badCell`. */
export class BadCell extends UserError {
  constructor(
    readonly column: string,
    readonly found: unknown,
    readonly expected: string,
  ) {
    super(badCell([`Column '${column}'`], found, expected));
  }

  /** The same with the row's place before it, such as `Row 7` or `File 'x.csv', line 8`. */
  at(place: string): UserError {
    return new UserError(badCell([place, `column '${this.column}'`], this.found, this.expected));
  }
}

/** What was found where, and what should stand there. @param places from the file to the column */
export function badCell(places: readonly string[], found: unknown, expected: string): string {
  return `${places.filter(Boolean).join(', ')}: found ${shown(found)}, expected ${expected}.`;
}

function shown(found: unknown): string {
  if (found === null || found === undefined || found === '') return 'nothing';
  if (typeof found !== 'string') return String(found);
  return `'${found.length > 60 ? `${found.slice(0, 60)}…` : found}'`;
}
