// A row that cannot be encoded, as plain data: it may have to come from another thread before it becomes a sentence.
import { UserError } from '../errors.js';
import { BadCell } from '../schema/bad-cell.js';

export interface RefusedRow {
  /** Its number among the rows that were encoded. */
  row: number;
  reason:
    | { kind: 'cell'; column: string; found: unknown; expected: string }
    /** Its lists have more values than any batch has room for. */
    | { kind: 'long'; values: number; most: number };
}

/** The sentence. @param place of the row, such as `Row 7` or `File 'x.csv', line 8` */
export function refusal({ reason }: RefusedRow, place: string): UserError {
  if (reason.kind === 'cell') return new BadCell(reason.column, reason.found, reason.expected).at(place);
  return new UserError(
    `${place}: its fields have ${reason.values} values in all (at most ${reason.most} fit into a batch).`,
    'shorten the lists, or score with larger batches (maxBatch, --max-batch)',
  );
}
