// What post-training quantization costs a trained fp32 run, by method: the l2 error of its rows, how far logits move, and
// logloss and AUC on a split that nothing was calibrated on. docs/posttraining.md, "Quantizing for the model's logit".
//
//   bitrow prepare frappe --input DIR --out DATA
//   bitrow train --data DATA --out RUN --config experiments/flights-reference.yaml --method full \
//     --set training.epochs=15 training.patience=3
//   node dist/experiments/logit-quantization.js RUN DATA [EXAMPLES] [METHOD,…]
//
// METHOD: minmax, greedy, optimal, logit; by default all. optimal takes minutes for 10,000 rows.
import { availableParallelism } from 'node:os';
import { splitOf } from '../src/batch/split-file.js';
import { mostIdsOf } from '../src/data/bags.js';
import { loadDataset } from '../src/data/encoded-dataset.js';
import { Table } from '../src/embedding/table.js';
import { Scores } from '../src/metrics/scores.js';
import type { Calibration } from '../src/posttraining/calibration.js';
import type { AffineBlock, QuantizedBits, RowSource } from '../src/posttraining/quantizer.js';
import { quantizers } from '../src/posttraining/registry.js';
import { calibrateLogit } from '../src/scoring/logit-calibration.js';
import { openRun } from '../src/scoring/open-run.js';
import { scoreSplit } from '../src/scoring/score-split.js';
import { startScoring } from '../src/scoring/scoring-engine.js';
import { modelOfRun } from '../src/scoring/scoring-model.js';

const [runPath, data, examples = '65536', asked = 'minmax,greedy,optimal,logit'] = process.argv.slice(2);
const split = 'validation';
if (!runPath || !data) throw new Error('usage: logit-quantization RUN DATA [EXAMPLES] [METHOD,…]');
const threads = availableParallelism();
const dataset = await loadDataset(data);
const run = await openRun(runPath, 'best', threads);
if (run.directory.config.method.name !== 'full') throw new Error('The run must be one of method full.');
const shape = run.directory.run.dataset;
const table = new Table(run.table, 0);
const { dim } = table.spec;
const rows = Uint32Array.from({ length: table.rows }, (_, row) => row);
const trained = new Float32Array(table.rows * dim); // (V, D)
table.touch(rows);
table.read(rows, trained);
const source: RowSource = {
  name: 'embedding',
  rows: table.rows,
  dim,
  async read(first, out) {
    out.set(trained.subarray(first * dim, first * dim + out.length));
  },
};

// Before the first write: gradients are those at the trained values.
const began = performance.now();
const byRow = await calibrateLogit(run, { dataset, examples: Number(examples) });
const calibrationSeconds = (performance.now() - began) / 1000;
const byVocabulary = await calibrateLogit(run, { dataset, examples: Number(examples), ownBytes: 0 });

const batchRows = 8192;
const engine = await startScoring(modelOfRun(run, 'best'), {
  threads,
  batchRows,
  bagIds: mostIdsOf(dataset.manifest, batchRows),
});

/** Scores the split with other values in the table. */
async function score(values: Float32Array): Promise<Scores> {
  const now = new Float32Array(trained.length);
  table.read(rows, now);
  table.writeValues(
    rows,
    now.map((value, i) => values[i] - value),
  );
  const scores = new Scores(splitOf(dataset.manifest, split).rows);
  const knownIds = shape.fieldVocabularies.map((number) => shape.vocabularySizes[number]);
  const { numbers } = shape;
  for await (const scored of scoreSplit({ ...engine, dataset, split, knownIds, numbers })) {
    scores.add(scored.logits, scored.labels, scored);
  }
  return scores;
}

async function quantized(
  name: string,
  bits: QuantizedBits,
  calibration?: Calibration,
): Promise<Float32Array> {
  const spec = quantizers[name as keyof typeof quantizers];
  if (spec?.kind !== 'affine') throw new Error(`There is no affine quantizer '${name}'.`);
  const quantizer = await spec.create({ dim, bits, side: 'fp16', calibration }, source);
  const block: AffineBlock = {
    kind: 'affine',
    codes: new Uint8Array(trained.length),
    scales: new Float32Array(table.rows),
    biases: new Float32Array(table.rows),
  };
  quantizer.quantize(trained, block, 0);
  const row = (at: number) => Math.floor(at / dim);
  return trained.map((_, at) => block.scales[row(at)] * block.codes[at] + block.biases[row(at)]);
}

/** Root of the mean square of differences. */
function rms(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (const [i, value] of a.entries()) sum += (value - b[i]) ** 2;
  return Math.sqrt(sum / a.length);
}

const methods: [string, string, Calibration?][] = [
  ['min-max', 'minmax'],
  ['greedy', 'greedy'],
  ['optimal', 'optimal'],
  ['logit, a moment for each vocabulary', 'logit', byVocabulary],
  ['logit', 'logit', byRow],
];
const zeros = new Float32Array(trained.length);
try {
  const before = await score(trained);
  const { auc, logloss } = before.metrics();
  console.log(
    `${table.rows} rows of ${dim}, fp16 scale and bias; calibrated on ${examples} examples of train`,
  );
  console.log(`(${calibrationSeconds.toFixed(1)} s), measured on ${split}.\n`);
  console.log('| bits | method | normalized l2 error | rms change of the logit | logloss | AUC | rows/s |');
  console.log('| --- | --- | --- | --- | --- | --- | --- |');
  console.log(`| 32 | fp32 | 0 | 0 | ${logloss?.toFixed(5)} | ${auc?.toFixed(5)} | |`);
  for (const bits of [4, 2] as const) {
    for (const [label, name, calibration] of methods) {
      if (!asked.split(',').includes(name)) continue;
      const start = performance.now();
      const values = await quantized(name, bits, calibration);
      const speed = table.rows / ((performance.now() - start) / 1000);
      const after = await score(values);
      const metrics = after.metrics();
      const cells = [
        bits,
        label,
        (rms(values, trained) / rms(trained, zeros)).toFixed(4),
        rms(after.logits, before.logits).toFixed(4),
        metrics.logloss?.toFixed(5),
        metrics.auc?.toFixed(5),
        speed.toPrecision(2),
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
} finally {
  await engine.team.close();
}
