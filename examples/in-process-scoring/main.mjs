// @ts-check
// A model in your own process: train once, open the run, score single rows as requests come, close. The raw log and the
// prepared data may be gone by then; a run keeps what it needs.
import { rmSync } from 'node:fs';
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
  method: { name: 'alpt', bits: 4 },
  training: { batchSize: 512, epochs: 2 },
});
await train({ data, out: run, config });
rmSync(log);
rmSync(data, { recursive: true });

const model = await open(run);
console.log(`A row may have: ${model.inputs.map(({ column }) => column).join(', ')}`);

// Which of three items should this visitor see? Cells are as in the log; what is left out is missing.
const visitor = { user: 'u7', device: 'phone', time: '2026-03-02 20:15:00' };
const items = [
  { item: 'i3', categories: 'games|audio', price: 19.9 },
  { item: 'i12', categories: 'garden', price: 4.5 },
  { item: 'never-seen', categories: 'toys', price: 12 },
];
const { probabilities, oov } = await model.predict(items.map((item) => ({ ...visitor, ...item })));
for (const [i, { item }] of items.entries()) console.log(`${item}: ${probabilities[i].toFixed(3)}`);
console.log(`Items that training never saw: ${oov.item}`);

// Calls may overlap; each gets its own rows back.
const calls = Array.from({ length: 100 }, (_, i) =>
  model.predict([{ ...visitor, user: `u${i}`, ...items[0] }]),
);
const scores = (await Promise.all(calls)).map((call) => call.probabilities[0]);
console.log(`100 concurrent calls, mean ${(scores.reduce((sum, p) => sum + p) / 100).toFixed(3)}`);
await model.close();
