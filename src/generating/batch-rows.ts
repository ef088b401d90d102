// How many rows of a table a batch of the file touches: its different values, where those too rare to have a row of
// their own are one, OOV. By the laws a value is rare where fewer than minCount are expected in the file.
import { bucketThresholds } from '../schema/bucket.js';
import { shareOf } from './frequency-law.js';
import type { Laws } from './plan.js';
import { RowSource } from './row-source.js';
import type { Shape } from './shape.js';

/** Counts the unique table rows of the file's first `batch` rows, over all fields. */
export function uniqueTableRows(
  shape: Shape,
  laws: Laws,
  { seed, rows, minCount, batch }: { seed: number; rows: number; minCount: number; batch: number },
): number {
  const source = new RowSource(shape, laws, seed);
  const seen = Array.from({ length: laws.length + shape.numbers.length }, () => new Set<number>());
  for (let index = 0; index < batch; index++) {
    source.draw(index);
    const { ranks, numbers } = source.row;
    for (let field = 0; field < laws.length; field++) {
      const isRare = rows * shareOf(laws[field], ranks[field]) < minCount;
      seen[field].add(isRare ? -1 : ranks[field]);
    }
    for (let i = 0; i < numbers.length; i++) seen[laws.length + i].add(bucketOf(numbers[i]));
  }
  return seen.reduce((sum, { size }) => sum + size, shape.otherFields);
}

function bucketOf(x: number): number {
  if (x <= 2) return x;
  let bucket = 0;
  while (x >= bucketThresholds[bucket]) bucket++;
  return bucket + 2;
}
