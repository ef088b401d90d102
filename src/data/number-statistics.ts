// Mean and deviation of numeric inputs over the training split, after their transform. Computed here and not in SQL,
// whose sums of floats have the order that its threads happen to have: rows come in stored order, sums are float64.

import { UserError } from '../errors.js';
import type { NumberStatistics } from '../schema/number-input.js';
import { transformNumber } from '../schema/number-input.js';
import type { NumberField } from '../schema/schema.js';
import { identifier, literal } from '../schema/sql.js';
import type { Database } from './database.js';

/**
 * Reads the numbers of a written split once. Missing ones do not count.
 *
 * @throws UserError when a number is missing in every row
 */
export async function numberStatistics(
  database: Database,
  file: string,
  numbers: readonly NumberField[],
): Promise<NumberStatistics[]> {
  const sums = numbers.map(({ name, transform = 'none' }) => ({
    name,
    transform,
    count: 0,
    mean: 0,
    squares: 0,
  }));
  const columns = numbers.map(({ name }) => identifier(name)).join(', ');
  for await (const part of database.stream(`SELECT ${columns} FROM read_parquet(${literal(file)})`)) {
    for (const [i, sum] of sums.entries()) {
      // Welford's: no cancellation, whatever the size of the numbers beside their deviation.
      for (const raw of part[i] as readonly (number | null)[]) {
        if (raw === null) continue;
        const x = transformNumber(raw, sum.transform);
        const distance = x - sum.mean;
        sum.mean += distance / ++sum.count;
        sum.squares += distance * (x - sum.mean);
      }
    }
  }
  return sums.map(({ name, transform, count, mean, squares }) => {
    if (count === 0) {
      throw new UserError(
        `The number '${name}' is missing in every row of training.`,
        'give its column, or leave it out of the schema',
      );
    }
    return { name, transform, mean, deviation: Math.sqrt(squares / count) || 1 };
  });
}
