// A column of ids, and the sentence for an id that does not belong in it.
import { UserError } from '../errors.js';

/** A field's column, as its ids are checked. */
export interface FieldColumn {
  readonly name: string;
  readonly vocabulary: string;
  /** Of the vocabulary. */
  readonly size: number;
  /** Ids that the reader knows; larger ones become 0, OOV. */
  readonly known: number;
  readonly isBag: boolean;
}

/** An id that is NULL or outside its vocabulary. */
export function badId(id: number | null, field: FieldColumn, row: number, path: string): UserError {
  const place = `field '${field.name}' in row ${row} of '${path}'`;
  return new UserError(
    id === null
      ? `An id is NULL: ${place}.`
      : `Row ${id} is outside vocabulary '${field.vocabulary}' (rows 0 to ${field.size - 1}): ${place}.`,
    'prepare the data again',
  );
}
