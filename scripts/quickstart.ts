// `npm run quickstart`: from nothing to a comparison of fp32 and 8-bit tables on three million real rows. Prepares flights
// (once), trains `full`, `alpt` and the preset `small`, evaluates all on the test split and says what it means.
//
//   npm run quickstart -- [--rows N] [--threads N] [--data DIR] [--runs DIR]
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { wholeNumber } from '../src/cli/option-values.js';
import { createProgress, type ProgressTarget } from '../src/cli/progress.js';
import { bytes, duration, metric, times } from '../src/cli/quantities.js';
import { trainProgress } from '../src/cli/train-progress.js';
import { loadDataset, prepare, type TrainResult, train, UserError } from '../src/index.js';
import { count } from '../src/reports/numbers.js';
import { readConfigFile } from '../src/runs/config-file.js';
import { presetLayer, presets } from '../src/runs/presets.js';
import { resolveLayers } from '../src/runs/resolve-config.js';
import { type Evaluation, evaluate } from '../src/scoring/evaluate.js';

export interface QuickstartOptions {
  /** Of the first rows only. Default: all 3,000,000. */
  rows?: number | undefined;
  threads?: number | undefined;
  /** Where the data set is, or will be. */
  data?: string | undefined;
  /** Where the runs go; older ones there are replaced. */
  runs?: string | undefined;
  signal?: AbortSignal | undefined;
  /** Progress and results, as a person reads them. */
  target: ProgressTarget;
}

interface Outcome {
  title: string;
  result: TrainResult;
  test: Evaluation;
}

const contenders = [
  { name: 'full', title: 'full (32 bits)', layer: { values: { method: { name: 'full' } } } },
  { name: 'alpt-8', title: 'alpt (8 bits)', layer: { values: { method: { name: 'alpt', bits: 8 } } } },
  { name: 'small', title: 'small (8 bits)', layer: presetLayer(presets.small, 8) },
];

/** Runs all of it. @returns the outcome of each contender, full first */
export async function quickstart(options: QuickstartOptions): Promise<Outcome[]> {
  const { rows, threads = availableParallelism(), runs = 'runs/quickstart', target, signal } = options;
  const data = options.data ?? (rows === undefined ? 'data/flights' : `data/flights-${rows}`);
  const print = (text: string) => target.write(`${text}\n`);
  await prepareFlights(data, { rows, threads, target, signal });

  const reference = fileURLToPath(new URL('../../experiments/flights-reference.yaml', import.meta.url));
  const settings = await readConfigFile(reference);
  const outcomes: Outcome[] = [];
  for (const { name, title, layer } of contenders) {
    print(`\n${title}`);
    const config = resolveLayers([layer, settings]);
    const run = join(runs, name);
    const progress = trainProgress(target, false);
    const stop = signal ? { signal } : {};
    const watched = { data, out: run, config, threads, onProgress: progress.onProgress, ...stop };
    const result = await train({ ...watched, force: existsSync(run) }).finally(progress.finish);
    outcomes.push({ title, result, test: await evaluate({ run, data, threads, ...stop }) });
  }
  print(`\n${report(outcomes, data, runs)}`);
  return outcomes;
}

async function prepareFlights(
  data: string,
  { rows, threads, target, signal }: QuickstartOptions,
): Promise<void> {
  if (existsSync(data)) {
    const { manifest } = await loadDataset(data);
    const { dataset, seed, options } = manifest;
    const expected = { split: 'modulus', minCount: 2, vocabulary: 'train', rows: rows ?? null };
    const isSame = Object.entries(expected).every(([key, value]) => options[key] === value);
    if (dataset === 'flights' && seed === 1 && isSame) {
      target.write(`The data set '${data}' is there already.\n`);
      return;
    }
    throw new UserError(
      `The data set '${data}' was prepared with other settings.`,
      'remove it, or name another place with --data',
    );
  }
  target.write(`Preparing '${data}': US flights of 2001, 24 fields, late by 15 minutes or not\n`);
  const progress = createProgress(target, { json: false });
  try {
    const { update: onProgress } = progress;
    await prepare({ dataset: 'flights', out: data, rows, threads, seed: 1, onProgress, signal });
  } finally {
    progress.finish();
  }
}

/** The table, what it means, what it does not, and where to go. */
function report(outcomes: readonly Outcome[], data: string, runs: string): string {
  const [full, alpt, small] = outcomes;
  const stored = ({ result }: Outcome) => result.memory.allocated.table + result.memory.allocated.step;
  const rows: [string, (outcome: Outcome) => string][] = [
    ['test AUC', ({ test }) => metric(test.auc, 5)],
    ['test logloss', ({ test }) => metric(test.logloss, 5)],
    ['table (codes + steps)', (outcome) => bytes(stored(outcome))],
    ['optimizer state', ({ result }) => bytes(result.memory.allocated.optimizer)],
    ['memory for training', ({ result }) => bytes(result.memory.allocated.total)],
    ['samples/s', ({ result }) => count(result.samplesPerSecond)],
    ['training and validation', ({ result }) => duration(result.seconds)],
  ];
  const table = [
    ['', ...outcomes.map(({ title }) => title)],
    ...rows.map(([name, value]) => [name, ...outcomes.map(value)]),
  ].map(([name, ...cells]) => `  ${name.padEnd(25)}${cells.map((cell) => cell.padStart(18)).join('')}`);
  const smaller = times(stored(full), stored(alpt));
  return [
    ...table,
    '',
    `alpt: the table of 8-bit integers is ${smaller} smaller, from the first step on, and`,
    `${difference(full, alpt)}.`,
    `Training as a whole shrinks less, to ${total(alpt)} of ${total(full)}: Adam keeps two fp32`,
    'numbers for each weight of the table.',
    `small: also what the optimizer keeps is small, two bytes a row; ${total(small)} in all.`,
    'Its rule, row-wise Adagrad, suits these data better, in fp32 just as in 8 bits:',
    'its AUC says nothing about bits (docs/findings.md does).',
    'The split puts the same airports and hours into train and test: it measures how',
    'well tables memorise, which is what compression can harm; it is no forecast of',
    'delays (prepare with --split time for that).',
    '',
    'Next:',
    `  npx bitrow inspect ${join(runs, 'small')}`,
    `  npx bitrow quantize ${join(runs, 'small')} --method greedy --bits 4 --data ${data}`,
    `  npx bitrow serve ${join(runs, 'small')}`,
  ].join('\n');
}

function total({ result }: Outcome): string {
  return bytes(result.memory.allocated.total);
}

function difference(full: Outcome, alpt: Outcome): string {
  if (full.test.auc === null || alpt.test.auc === null) return 'its AUC is undefined here';
  const gap = alpt.test.auc - full.test.auc;
  const size = `${Math.abs(gap).toFixed(5)} ${gap < 0 ? 'lower' : 'higher'}`;
  // On flights the methods that work at 8 bits lie this close together.
  return Math.abs(gap) < 0.0003
    ? `its AUC is the same within what one seed can tell (${size})`
    : `its AUC is ${size} (one seed each)`;
}

async function main(): Promise<void> {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort(new UserError('Stopped.')));
  try {
    const { values } = parseArgs({
      options: {
        rows: { type: 'string' },
        threads: { type: 'string' },
        data: { type: 'string' },
        runs: { type: 'string' },
      },
    });
    const whole = (option: 'rows' | 'threads') =>
      values[option] === undefined ? undefined : wholeNumber(`--${option}`, 1)(values[option]);
    await quickstart({
      ...values,
      rows: whole('rows'),
      threads: whole('threads'),
      target: process.stdout,
      signal: controller.signal,
    });
  } catch (error) {
    const known = controller.signal.aborted ? new UserError('Stopped.') : error;
    const isUsage =
      error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    if (!(known instanceof UserError) && !isUsage) throw error;
    process.stderr.write(`${known instanceof Error ? known.message : known}\n`);
    if (known instanceof UserError && known.help) process.stderr.write(`help: ${known.help}\n`);
    process.exitCode = controller.signal.aborted ? 130 : 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
