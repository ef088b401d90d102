// Embeddings as the network sees them, whatever rows they are stored in. The same bits as the kernels of training give.
import type { Pairs } from '../embedding/pairs.js';
import type { RowValues } from '../embedding/row-values.js';

/**
 * Reads embeddings, values (n, D).
 *
 * @param pairs of the table, null where an embedding is the row of its number
 * @param features (n), their numbers: first row of the vocabulary + id, in any order, any of them more than once
 */
export function readEmbeddings(
  table: RowValues,
  pairs: Pairs | null,
  features: Uint32Array,
  values: Float32Array,
): void {
  if (!pairs) {
    table.read(features, values);
    return;
  }
  const { dim } = table;
  const { quotients, remainders, combine } = pairs;
  const rows = new Uint32Array(2 * features.length);
  for (let i = 0; i < features.length; i++) {
    rows[i] = Math.floor(features[i] / remainders);
    rows[features.length + i] = quotients + (features[i] % remainders);
  }
  const stored = new Float32Array(rows.length * dim);
  table.read(rows, stored);
  for (let i = 0, other = features.length * dim; i < features.length * dim; i++, other++) {
    // Rounded once, to fp32, like the kernel's.
    values[i] = combine === 'product' ? stored[i] * stored[other] : stored[i] + stored[other];
  }
}
