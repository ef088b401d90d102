// Prints what docs/generate.md says of the laws of `bitrow generate`: expected numbers of features, and unique table
// rows of a batch of 10,000.
//
//   node dist/experiments/generated-frequencies.js
import { uniqueTableRows } from '../src/generating/batch-rows.js';
import { expectedFeatures, planLaws } from '../src/generating/plan.js';
import { shapeNames, shapes } from '../src/generating/registry.js';

const shown = (n: number) => Math.round(n).toLocaleString('en-US');
for (const name of shapeNames) {
  const shape = shapes[name];
  for (const rows of [shape.rows, 10_000_000]) {
    const laws = planLaws(shape, rows);
    console.log(`${name}, ${shown(rows)} rows`);
    for (const count of [1, 2, 3, 10]) {
      const unique = uniqueTableRows(shape, laws, { seed: 1, rows, minCount: count, batch: 10_000 });
      console.log(
        `  seen ${count} times or more: ${shown(expectedFeatures(laws, rows, count))} values; ${shown(unique)} unique rows in a batch of 10,000`,
      );
    }
  }
}
