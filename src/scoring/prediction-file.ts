// The file of `evaluate --predictions`: one row per row of the split, in stored order.
//
//   row          position in the split, from 0
//   label        0 or 1
//   logit        as the model gave it (fp32)
//   probability  1 / (1 + e^−logit)
//   slice        with --by, the name of the row's slice
//   group        with --group, the value that the row is grouped by
import { RowFile, type RowFileColumn, type RowFileOptions } from '../data/row-file.js';
import { sigmoid } from '../metrics/calibration.js';

/** What there is for each row. */
export interface PredictionColumns {
  logits: Float32Array; // (rows)
  labels: Uint8Array; // (rows)
  slice?: (row: number) => string;
  group?: (row: number) => string;
}

/** Rows that are handed over at once. */
const blockRows = 16_384;

/** Writes them, replacing a file that exists. */
export async function writePredictions(
  path: string,
  { logits, labels, slice, group }: PredictionColumns,
  options: Omit<RowFileOptions, 'columns'>,
): Promise<void> {
  type Column = RowFileColumn & { value: (row: number) => number | string };
  const columns: Column[] = [
    { name: 'label', type: 'UTINYINT', value: (row) => labels[row] },
    { name: 'logit', type: 'FLOAT', value: (row) => logits[row] },
    { name: 'probability', type: 'DOUBLE', value: (row) => sigmoid(logits[row]) },
  ];
  if (slice) columns.push({ name: 'slice', type: 'VARCHAR', value: slice });
  if (group) columns.push({ name: 'group', type: 'VARCHAR', value: group });
  await RowFile.write(path, { ...options, columns }, async (file) => {
    for (let first = 0; first < logits.length; first += blockRows) {
      const length = Math.min(blockRows, logits.length - first);
      await file.append(columns.map(({ value }) => Array.from({ length }, (_, i) => value(first + i))));
    }
  });
}
