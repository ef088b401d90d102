// Which rows of a run's table the examples of a split look up. Scores of the split depend on these alone, so what is tried
// on it need not be done to the others.
import { readBatches } from '../batch/reader.js';
import { tableRows } from '../embedding/shard.js';
import { fieldOffsets } from './blueprint.js';
import type { OpenedEvaluation } from './evaluate.js';

/** Rows that are read at a time. */
const BATCH_ROWS = 8192;

/** (n), ascending; of a table whose embeddings are pairs of rows, all of its rows. */
export async function usedRows(
  { run: { directory, table }, dataset }: OpenedEvaluation,
  split: string,
): Promise<Uint32Array> {
  const rows = tableRows(table.spec);
  if (table.spec.storage.lookups) return Uint32Array.from({ length: rows }, (_, row) => row);
  const { dataset: shape } = directory.run;
  const knownIds = shape.fieldVocabularies.map((number) => shape.vocabularySizes[number]);
  const firstRows = fieldOffsets(shape);
  const isUsed = new Uint8Array(rows);
  const order = { split, batchSize: BATCH_ROWS, order: 'stored', knownIds, numbers: shape.numbers } as const;
  for await (const { rows: examples, ids, offsets } of readBatches(dataset, order)) {
    const segments = examples * firstRows.length;
    for (let segment = 0, at = 0; segment < segments; segment++) {
      const first = firstRows[segment % firstRows.length];
      for (const end = offsets ? offsets[segment + 1] : segment + 1; at < end; at++)
        isUsed[first + ids[at]] = 1;
    }
  }
  const used = new Uint32Array(isUsed.reduce((sum, one) => sum + one, 0));
  for (let row = 0, at = 0; row < rows; row++) if (isUsed[row] === 1) used[at++] = row;
  return used;
}
