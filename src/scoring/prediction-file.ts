// The file of `evaluate --predictions`: one row per row of the split, in stored order.
//
//   row          position in the split, from 0
//   label        0 or 1
//   logit        as the model gave it (fp32)
//   probability  1 / (1 + e^−logit)
//   slice        with --by, the name of the row's slice
//   group        with --group, the value that the row is grouped by
import { type RowFileColumn, writeRowFile } from '../data/row-file.js';
import { sigmoid } from '../metrics/calibration.js';

/** What there is for each row. */
export interface PredictionColumns {
  logits: Float32Array; // (rows)
  labels: Uint8Array; // (rows)
  slice?: (row: number) => string;
  group?: (row: number) => string;
}

/** Writes them to a .csv, .jsonl or .parquet file, replacing one that exists. */
export async function writePredictions(path: string, columns: PredictionColumns): Promise<void> {
  const { logits, labels, slice, group } = columns;
  const written: RowFileColumn[] = [
    { name: 'row', type: 'UBIGINT', value: (row) => row },
    { name: 'label', type: 'UTINYINT', value: (row) => labels[row] },
    { name: 'logit', type: 'FLOAT', value: (row) => logits[row] },
    { name: 'probability', type: 'DOUBLE', value: (row) => sigmoid(logits[row]) },
  ];
  if (slice) written.push({ name: 'slice', type: 'VARCHAR', value: slice });
  if (group) written.push({ name: 'group', type: 'VARCHAR', value: group });
  await writeRowFile(path, written, logits.length);
}
