// @ts-check
// Every day brings new rows, new users and new items. The first day is prepared and trained on; each next day is encoded
// alone, with all ids kept and new values behind them, and training goes on from yesterday's weights and optimizer
// state. Nothing is prepared or trained on twice.
import { join } from 'node:path';
import { evaluate, prepare, resolveConfig, train } from 'bitrow';
import { exampleFolder } from '../folder.mjs';
import { writeImpressions } from '../impressions.mjs';

const folder = exampleFolder();
const schema = new URL('../own-csv/schema.yaml', import.meta.url).pathname;
const config = resolveConfig({
  model: { dim: 8, hidden: [64, 32] },
  method: { name: 'alpt', bits: 8 },
  training: { batchSize: 512, epochs: 1 },
});

/** @type {{ data: string, run: string } | undefined} */
let yesterday;
for (let day = 1; day <= 4; day++) {
  const [log, data, run] = ['log', 'data', 'run'].map((name) => join(folder, `${name}-${day}`));
  await writeImpressions(`${log}.csv`, { day: `2026-03-0${day}`, rows: 20_000, newestItem: 300 + 60 * day });
  const { vocabularies } = await prepare({
    dataset: 'csv',
    ...(yesterday ? { extend: yesterday.data } : { schema }),
    input: [`${log}.csv`],
    out: data,
  });
  const items = vocabularies.find(({ name }) => name === 'item')?.size;
  // Before today's rows are learned from: how well does yesterday's model know them?
  const known = yesterday && (await evaluate({ run: yesterday.run, data, split: 'train' }));
  await train({ data, out: run, config, from: yesterday?.run });
  const { auc } = await evaluate({ run, data, split: 'test' });
  const before = known ? `, yesterday's model on today's rows ${known.auc?.toFixed(3)}` : '';
  console.log(`day ${day}: ${items} items, test AUC ${auc?.toFixed(3)}${before}`);
  yesterday = { data, run };
}
