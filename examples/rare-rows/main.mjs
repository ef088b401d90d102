// @ts-check
// Where do few bits cost most? Rows in the shape of Criteo's with a planted model, so that the best AUC is known; the
// same network with fp32 and with 2-bit rows; and the AUC of both by how often training saw a row's rarest feature.
import { join } from 'node:path';
import { evaluate, generate, prepare, resolveConfig, train } from 'bitrow';
import { exampleFolder } from '../folder.mjs';

const folder = exampleFolder();
const [log, data] = ['train.txt', 'data'].map((name) => join(folder, name));
const { best } = await generate({ like: 'criteo', rows: 40_000, out: log });
console.log(`best AUC that any model can reach: ${best.auc?.toFixed(3)}`);
await prepare({ dataset: 'criteo', input: [log], out: data, minCount: 2 });

const slices = [];
for (const method of [
  { name: /** @type {const} */ ('full'), bits: 8 },
  { name: /** @type {const} */ ('alpt'), bits: 2 },
]) {
  const run = join(folder, method.name);
  const config = resolveConfig({
    model: { dim: 4, hidden: [32] },
    method,
    training: { batchSize: 1000, epochs: 2 },
  });
  await train({ data, out: run, config });
  const evaluation = await evaluate({ run, data, by: 'frequency' });
  console.log(`${method.name}: test AUC ${evaluation.auc?.toFixed(3)}`);
  slices.push(evaluation.slices?.slices ?? []);
}
console.log('rarest feature of the row      rows    full    alpt at 2 bits');
for (const [i, { name, rows, auc }] of slices[0].entries()) {
  const shown = [auc, slices[1][i].auc].map((value) => value?.toFixed(3) ?? '–');
  console.log(`${name.padEnd(26)} ${String(rows).padStart(8)}   ${shown.join('   ')}`);
}
