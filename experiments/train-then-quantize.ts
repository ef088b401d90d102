// At 4 or 2 bits: train in fp32 and quantize, train in 8 bits and quantize, or train in few bits? Trains `full` and the preset
// `small` with row-wise Adagrad and each seed, quantizes both after training, and prints AUC and logloss before and after, with
// the differences to `full` paired by seed. Trained few bits are in few-bits.yaml, with the same rule and seeds.
//
//   node dist/experiments/train-then-quantize.js DATA OUT [--seeds 3] [--split test] [--methods greedy:4,greedy:2] [--epochs 1]
//                                                [--patience 2] [--threads 2]
//
// Runs stay in OUT and are not trained again.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { meanDeviation } from '../src/metrics/mean-deviation.js';
import { pairedDifference } from '../src/metrics/paired-difference.js';
import type { QuantizedBits } from '../src/posttraining/quantizer.js';
import type { QuantizerName } from '../src/posttraining/registry.js';
import { fixed, signed } from '../src/reports/numbers.js';
import { presets } from '../src/runs/presets.js';
import { merge, resolveConfig } from '../src/runs/resolve-config.js';
import { quantizeRun } from '../src/scoring/quantize-run.js';
import { train } from '../src/training/train.js';

const { values, positionals } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    split: { type: 'string', default: 'test' },
    methods: { type: 'string', default: 'greedy:4,greedy:2' },
    epochs: { type: 'string', default: '1' },
    patience: { type: 'string', default: '2' },
    threads: { type: 'string', default: '2' },
  },
  allowPositionals: true,
});
const [data, out] = positionals;
if (!data || !out) throw new Error('usage: train-then-quantize DATA OUT [options]');
const threads = Number(values.threads);
const trained = {
  full: { method: { name: 'full' }, optimizer: { name: 'rowwise-adagrad' } },
  small: presets.small.config(),
};
const quantized = values.methods.split(',').map((given) => {
  const [method, bits] = given.split(':');
  return { method: method as QuantizerName, bits: Number(bits) as QuantizedBits };
});

type Score = Record<'auc' | 'logloss', number>;
/** By way, the scores of the seeds in their order. */
const scores = new Map<string, Score[]>();
function add(way: string, { auc, logloss }: { auc: number | null; logloss: number | null }): void {
  const score = { auc: auc ?? Number.NaN, logloss: logloss ?? Number.NaN };
  scores.set(way, [...(scores.get(way) ?? []), score]);
}

for (let seed = 1; seed <= Number(values.seeds); seed++) {
  for (const [name, settings] of Object.entries(trained)) {
    const run = join(out, `${name}-${seed}`);
    const training = { epochs: Number(values.epochs), patience: Number(values.patience), seed };
    const config = resolveConfig(merge(settings, { training }));
    if (!existsSync(join(run, 'best.safetensors'))) await train({ data, out: run, config, threads });
    for (const [i, { method, bits }] of quantized.entries()) {
      const file = join(out, `${name}-${seed}-${method}-${bits}.safetensors`);
      const result = await quantizeRun({
        ...{ run, out: file, method, bits, data, split: values.split, threads },
        force: true,
      });
      if (!result.scores) throw new Error('The run was not scored.');
      if (i === 0) add(name, result.scores.before);
      add(`${name}, then ${method} at ${bits} bits`, result.scores.after);
      process.stderr.write(`${name}, seed ${seed}, ${method} at ${bits} bits: ${result.scores.after.auc}\n`);
    }
  }
}

console.log('| | AUC | to full | logloss | to full |');
console.log('| --- | --- | --- | --- | --- |');
const full = scores.get('full') ?? [];
for (const [way, own] of scores) {
  const cells = (['auc', 'logloss'] as const).flatMap((metric) => {
    const { mean } = meanDeviation(own.map((score) => score[metric]));
    const {
      mean: difference,
      low,
      high,
    } = pairedDifference(
      own.map((score) => score[metric]),
      full.map((score) => score[metric]),
    );
    const interval = low === null || high === null ? '' : ` [${signed(low, 5)}, ${signed(high, 5)}]`;
    const paired = way === 'full' || difference === null ? '' : `${signed(difference, 5)}${interval}`;
    return [mean === null ? '–' : fixed(mean, 4), paired];
  });
  console.log(`| ${way} | ${cells.join(' | ')} |`);
}
