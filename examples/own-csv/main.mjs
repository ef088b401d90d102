// @ts-check
// Your own CSV, from raw rows to a model of 8 bits: prepare by a schema, train, evaluate. The same on the command line:
//
//   npx bitrow prepare csv --input log.csv --schema examples/own-csv/schema.yaml --out data
//   npx bitrow train --data data --out run --dim 8 --batch-size 512 --epochs 3
//   npx bitrow evaluate run --data data
import { join } from 'node:path';
import { evaluate, prepare, resolveConfig, train } from 'bitrow';
import { exampleFolder } from '../folder.mjs';
import { writeImpressions } from '../impressions.mjs';

const folder = exampleFolder();
const [log, data, run] = ['log.csv', 'data', 'run'].map((name) => join(folder, name));
await writeImpressions(log, { day: '2026-03-01', rows: 40_000 });

const schema = new URL('schema.yaml', import.meta.url).pathname;
const { splits, vocabularies } = await prepare({ dataset: 'csv', schema, input: [log], out: data });
console.log(splits.map(({ name, rows }) => `${name} ${rows} rows`).join(', '));
console.log(vocabularies.map(({ name, size }) => `${name} ${size}`).join(', '));

const config = resolveConfig({
  model: { dim: 8, hidden: [64, 32] },
  method: { name: 'alpt', bits: 8 },
  training: { batchSize: 512, epochs: 3 },
});
const { bestEpoch, validation } = await train({ data, out: run, config });
console.log(`epoch ${bestEpoch} was the best: validation AUC ${validation.auc?.toFixed(3)}`);

const { auc, logloss, grouped } = await evaluate({ run, data, split: 'test' });
console.log(`test AUC ${auc?.toFixed(3)}, logloss ${logloss?.toFixed(3)}`);
console.log(
  `AUC within users ${grouped?.auc?.toFixed(3)} (${grouped?.groups} users who clicked some and not others)`,
);
