// The ids of one field, row after row of a split as it is scored: 4 bytes a row, whatever the number of fields.
import type { Batch } from '../batch/reader.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import { readValues } from '../data/vocabulary-file.js';
import { UserError, unknownName } from '../errors.js';

/** Collects one field's ids. */
export class FieldColumn {
  /** (rows), 0 for OOV; complete when all batches were added. */
  readonly ids: Uint32Array;
  /** Ids are below it: the size of the vocabulary that the run was trained with. */
  readonly size: number;
  private readonly field: number;
  private readonly vocabulary: string;
  private filled = 0;

  /**
   * @param sizes (F), sizes of the run's vocabularies: greater ids are OOV
   * @param alternatives what else could have been meant by `name`
   * @throws UserError when there is no such field
   */
  constructor(
    private readonly dataset: EncodedDataset,
    name: string,
    rows: number,
    sizes: readonly number[],
    alternatives: readonly string[] = [],
  ) {
    const { fields } = dataset.manifest;
    this.field = fields.findIndex((field) => field.name === name);
    if (this.field < 0) {
      throw unknownName('field', name, [...alternatives, ...fields.map((field) => field.name)]);
    }
    if (fields[this.field].bag) {
      throw new UserError(
        `The field '${name}' holds a list in each row, and rows are told apart by one value.`,
        'name a field with one value in each row',
        2,
      );
    }
    this.vocabulary = fields[this.field].vocabulary;
    this.size = sizes[this.field];
    this.ids = new Uint32Array(rows);
  }

  add(batch: Batch): void {
    const { ids, field, size } = this;
    const fields = this.dataset.manifest.fields.length;
    for (let row = 0, at = field; row < batch.rows; row++, at += fields) {
      const id = batch.ids[batch.offsets ? batch.offsets[at] : at];
      ids[this.filled++] = id < size ? id : 0;
    }
  }

  /** What people read for ids: the value, `(missing)`, `(OOV)`. */
  async names(ids: ReadonlySet<number>): Promise<(id: number) => string> {
    const values = await readValues(this.dataset, this.vocabulary, ids);
    return (id) => {
      if (id === 0) return '(OOV)';
      const value = values.get(id);
      return value === undefined || value === null || value === '' ? '(missing)' : value;
    };
  }
}
