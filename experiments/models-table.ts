// The Markdown table of models: metrics over seeds, parameters of the network and of the tables, speed by itself; on frappe the
// published numbers of the open benchmark beside ours. Variants are named `model, method`; only finished cells count.
import type { Manifest } from '../src/data/manifest.js';
import { reachable } from '../src/graph/node.js';
import type { MeanDeviation } from '../src/metrics/mean-deviation.js';
import { inputNames } from '../src/models/model.js';
import type { Comparison } from '../src/reports/comparison.js';
import { count, fixed } from '../src/reports/numbers.js';
import { type SummaryRow, splitName, summarize } from '../src/reports/summary.js';
import { configSchema } from '../src/runs/config.js';
import { createModel, datasetShape, vocabularyOffsets } from '../src/scoring/blueprint.js';

/**
 * BARS (github.com/reczoo/BARS, ranking/ctr/*_frappe_x1), by model: AUC of validation and test, logloss of test. DNN:
 * means of five runs; DeepFM: validation of its first run, test of five. Our copy has other negatives in training, and
 * no test split (docs/results.md).
 */
const published: Readonly<Record<string, { validation: number | null; test: number; logloss: number }>> = {
  'logistic-regression': { validation: 0.937734, test: 0.935584, logloss: 0.307643 },
  dnn: { validation: 0.985042, test: 0.984045, logloss: 0.15837 },
  dcn: { validation: null, test: 0.983418, logloss: 0.150676 },
  deepfm: { validation: 0.985168, test: 0.983947, logloss: 0.149462 },
};

export function modelsTable(comparison: Comparison, speeds: Comparison | null, manifest: Manifest): string {
  const speedOf = new Map(
    (speeds ? summarize(speeds) : []).map(({ name, samplesPerSecond }) => [name, samplesPerSecond]),
  );
  const isFrappe = comparison.data.dataset === 'frappe';
  const hasTest = comparison.split !== null;
  const test = splitName(comparison, 'test');
  const head = [
    ...['model', 'method', 'seeds', 'validation AUC', 'logloss'],
    ...(hasTest ? [`${test} AUC`, 'logloss'] : []),
    ...(isFrappe ? ['published validation AUC', 'test AUC', 'test logloss'] : []),
    ...['best epoch', 'network', 'tables', 'samples/s'],
  ];
  const lines = summarize(comparison).flatMap((row, i) => {
    if (row.cells.finished + row.cells.diverged === 0) return [];
    const [model, method] = row.name.split(', ');
    const { network, tables } = parameters(comparison.variants[i].config, manifest);
    const speed = speedOf.get(row.name) ?? null;
    const reference = method === 'full' ? published[model] : undefined;
    const cells = [
      model,
      `\`${method}\``,
      seedsOf(row),
      ...metrics(row, 'validation'),
      ...(hasTest ? metrics(row, 'test') : []),
      ...(isFrappe
        ? [reference?.validation, reference?.test, reference?.logloss].map((value) => value?.toFixed(4) ?? '')
        : []),
      [...new Set(row.bestEpochs)].join(', '),
      count(network),
      count(tables),
      speed === null ? '–' : count(Math.round(speed)),
    ];
    return [`| ${cells.join(' | ')} |`];
  });
  return [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...lines].join('\n');
}

function seedsOf({ cells: { finished, diverged } }: SummaryRow): string {
  return diverged > 0 ? `${finished}, ${diverged} diverged` : String(finished);
}

function metrics(row: SummaryRow, split: 'validation' | 'test'): string[] {
  return [row[split].auc, row[split].logloss].map(spread);
}

function spread({ mean, deviation }: MeanDeviation): string {
  if (mean === null) return '–';
  return deviation === null ? fixed(mean, 4) : `${fixed(mean, 4)} ± ${fixed(deviation, 4)}`;
}

/** Numbers that training learns: of the network, and of all that is looked up by a feature. */
function parameters(
  config: Record<string, unknown>,
  manifest: Manifest,
): { network: number; tables: number } {
  const shape = datasetShape(manifest);
  const model = createModel(configSchema.parse(config), shape, 'scoring');
  const network = model.parameters.reduce((sum, one) => sum + one.shape.reduce((a, b) => a * b, 1), 0);
  // A scoring graph is asked with numbers and with what is looked up: some columns for each field.
  const columns = reachable([model.logits])
    .filter((node) => node.kind === 'input' && node.name !== inputNames.numbers)
    .reduce((sum, node) => sum + Number(node.shape[1]), 0);
  const rows = vocabularyOffsets(shape)[shape.vocabularySizes.length];
  return { network, tables: (rows * columns) / shape.fieldVocabularies.length };
}
