// Embeddings as the network sees them, whatever rows they are stored in: for readers beside the scoring threads, and a
// few rows at a time. The same bits as the kernels give.
import { PairPlanner, pairPlanBytes } from '../batch/pair-planner.js';
import type { Pairs } from '../embedding/pairs.js';
import type { RowValues } from '../embedding/row-values.js';

/**
 * Reads embeddings, values (n, D).
 *
 * @param pairs of the table, null where an embedding is the row of its number
 * @param unique (n), their numbers: first row of the vocabulary + id, distinct and ascending
 */
export function readEmbeddings(
  table: RowValues,
  pairs: Pairs | null,
  unique: Uint32Array,
  values: Float32Array,
): void {
  if (!pairs) {
    table.read(unique, values);
    return;
  }
  const { dim } = table;
  const plan = new PairPlanner(pairs).plan(unique, new ArrayBuffer(pairPlanBytes(pairs, unique.length)));
  const stored = new Float32Array(plan.rows.length * dim);
  table.read(plan.rows, stored);
  for (let i = 0, at = 0; i < unique.length; i++) {
    const [a, b] = [plan.pairs[2 * i] * dim, plan.pairs[2 * i + 1] * dim];
    for (let j = 0; j < dim; j++, at++) {
      // Rounded once, to fp32, like the kernel's.
      values[at] =
        pairs.combine === 'product' ? stored[a + j] * stored[b + j] : stored[a + j] + stored[b + j];
    }
  }
}
