// @ts-check
// What a table has learned: the rows of all items, read from an 8-bit table, and the items that are most alike.
import { join } from 'node:path';
import { open, prepare, resolveConfig, train } from 'bitrow';
import { exampleFolder } from '../folder.mjs';
import { writeImpressions } from '../impressions.mjs';

const folder = exampleFolder();
const [log, data, run] = ['log.csv', 'data', 'run'].map((name) => join(folder, name));
const schema = new URL('../own-csv/schema.yaml', import.meta.url).pathname;
await writeImpressions(log, { day: '2026-03-01', rows: 20_000 });
await prepare({ dataset: 'csv', schema, input: [log], out: data });
const config = resolveConfig({
  model: { dim: 8, hidden: [64, 32] },
  method: { name: 'alpt', bits: 8 },
  optimizer: { learningRate: 3e-3 },
  training: { batchSize: 512, epochs: 3 },
});
await train({ data, out: run, config });

const model = await open(run);
const items = Array.from({ length: 60 }, (_, i) => `i${i}`);
const { ids, values, steps, dim } = model.embeddings('item', items);
const row = (/** @type {number} */ i) => values.subarray(i * dim, (i + 1) * dim);

// A stored integer is value / step: a whole number from -128 to 127, of which the table keeps one byte.
const codes = Array.from(row(0), (value) => Math.round(value / steps[0]));
console.log(`${items[0]} has id ${ids[0]}, step ${steps[0].toExponential(2)} and codes ${codes.join(' ')}`);

// All items share a direction, which says how often anything is clicked: what tells them apart is the rest.
const mean = Array.from({ length: dim }, (_, j) =>
  items.reduce((sum, _, i) => sum + row(i)[j] / items.length, 0),
);
const apart = items.map((_, i) => mean.map((m, j) => row(i)[j] - m));
const dot = (/** @type {number} */ a, /** @type {number} */ b) =>
  apart[a].reduce((sum, x, j) => sum + x * apart[b][j], 0);
const likeness = (/** @type {number} */ a, /** @type {number} */ b) =>
  dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
const others = items.map((_, i) => i).slice(1);
const nearest = others.sort((a, b) => likeness(0, b) - likeness(0, a)).slice(0, 3);
console.log(
  `nearest to ${items[0]}: ${nearest.map((i) => `${items[i]} (${likeness(0, i).toFixed(2)})`).join(', ')}`,
);
await model.close();
