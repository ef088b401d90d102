// The embeddings of an open model by the values they stand for: what a field has learned about a city, an item, a
// user. Reads beside the scoring threads, with scratch memory of its own.
import type { Pairs } from '../embedding/pairs.js';
import type { RowValues } from '../embedding/row-values.js';
import { UserError, unknownName } from '../errors.js';
import type { VocabularyIndex } from '../formats/vocabulary-index.js';
import { type Schema, vocabularyOf } from '../schema/schema.js';
import { fieldOffsets, tablePairs } from './blueprint.js';
import { readEmbeddings } from './read-embeddings.js';
import type { ScoringModel } from './scoring-model.js';
import { openTable } from './table-in-memory.js';

/** Table rows of some values of one field, in their order. */
export interface EmbeddingRows {
  /** Width D of a row. */
  readonly dim: number;
  /** (n), the id of each value in the field's vocabulary; 0 for one it does not have, whose row is that of OOV. */
  readonly ids: Uint32Array;
  /**
   * (n, D), as the network sees them: step · code, step · stored code + bias of affine rows, or fp32; of `hashing` what
   * the value's two rows make.
   */
  readonly values: Float32Array;
  /** (n), the step of each row; 1 where values are fp32 and on no grid. */
  readonly steps: Float32Array;
  /** (n), the bias of each row; 0 unless rows are affine. */
  readonly biases: Float32Array;
}

/** Reads a model's rows. */
export class EmbeddingReader {
  private readonly table: RowValues;
  private readonly pairs: Pairs | null;
  private readonly offsets: Uint32Array; // (F)

  /** @param thread number of the scratch area to use, which no scoring thread may have */
  constructor(
    { config, dataset, table }: ScoringModel,
    thread: number,
    private readonly schema: Schema,
    private readonly indexes: ReadonlyMap<string, VocabularyIndex>,
  ) {
    this.table = openTable(table, thread);
    this.pairs = tablePairs(config, dataset);
    this.offsets = fieldOffsets(dataset);
  }

  /** @param values texts as the field's transformation gives them; null is the missing value */
  read(field: string, values: readonly (string | null)[]): EmbeddingRows {
    const { table, pairs, schema, offsets } = this;
    const f = schema.fields.findIndex(({ name }) => name === field);
    const names = schema.fields.map(({ name }) => name);
    if (f < 0) throw unknownName('field', field, names);
    const index = this.indexes.get(vocabularyOf(schema.fields[f]));
    if (!index) throw new UserError(`The model keeps no vocabulary of the field '${field}'.`);
    const ids = Uint32Array.from(values, (value) => index.idOf(value));
    const { dim } = table;
    const rows = new Float32Array(ids.length * dim);
    const steps = new Float32Array(ids.length);
    const biases = new Float32Array(ids.length);
    const features = ids.map((id) => offsets[f] + id);
    readEmbeddings(table, pairs, features, rows);
    // Rows of pairs are fp32, which have no step.
    if (pairs) steps.fill(1);
    else {
      table.readSteps(features, steps);
      table.readBiases(features, biases);
    }
    return { dim, ids, values: rows, steps, biases };
  }
}
