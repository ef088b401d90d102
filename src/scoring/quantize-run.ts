// Quantizes a trained run's table into a file, and says what that costs: with a data set the run is scored as it was trained,
// and with the rows that were written, read back from the file. First-order weights, one number for each feature, and the
// dense network stay as they are, in fp32 and in the run.
import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { tableRows } from '../embedding/shard.js';
import { partBytes } from '../embedding/table-records.js';
import { NpyReader } from '../formats/npy-reader.js';
import { blockTeam } from '../posttraining/block-team.js';
import { QuantizedFile } from '../posttraining/open-quantized.js';
import {
  type QuantizeFileReport,
  type QuantizeTablesOptions,
  quantizeTables,
} from '../posttraining/quantize-file.js';
import { QuantizedTable } from '../posttraining/quantized-table.js';
import type { QuantizerSpec } from '../posttraining/quantizer.js';
import { quantizers } from '../posttraining/registry.js';
import type { CheckpointName } from '../runs/run-directory.js';
import { fieldOffsets, tablePairs } from './blueprint.js';
import { calibrateLogit } from './logit-calibration.js';
import { type OpenedRun, openRun } from './open-run.js';
import type { ReplacedTable } from './replaced-table.js';
import { TableCost, type TableScores } from './table-cost.js';
import { tableSource } from './table-source.js';

export interface QuantizeRunOptions
  extends Omit<QuantizeTablesOptions, 'about' | 'calibration' | 'onProgress'> {
  /** Directory of a run. */
  run: string;
  /** Model of the best epoch (default) or of the last one. */
  checkpoint?: CheckpointName | undefined;
  /** Directory of the data set the run was trained on: the run is scored on it, before and after. */
  data?: string | undefined;
  /** Of it. Default: test. */
  split?: string | undefined;
  /** Default: all processors. No result depends on it. */
  threads?: number | undefined;
  /** Bytes that are free for this process, its own included; by default the system is asked. */
  memory?: number | undefined;
  /** Goes on even where memory seems too small. */
  ignoreLimits?: boolean | undefined;
  onProgress?: ((progress: { stage: string; done: number; total: number; unit: string }) => void) | undefined;
}

export interface QuantizeRunReport extends QuantizeFileReport {
  run: string;
  checkpoint: CheckpointName;
  epoch: number;
  /** Of quantizing and writing, without scoring. */
  seconds: number;
  /** What it costs; null without data. */
  scores: { split: string; before: TableScores; after: TableScores } | null;
}

/** Up to here other threads take longer to start than the work does. */
const FEW_ROWS = 20_000;

/**
 * Quantizes a run's table: what the network sees of each row, whatever the run's method stores.
 *
 * @throws UserError when there is no such run, its data or room for it, for an output that is there, or for what cannot be
 * quantized
 * @example
 * await quantizeRun({ run: 'runs/full', out: 'full-4.safetensors', method: 'minmax', bits: 4, data: 'data/flights' });
 */
export async function quantizeRun(options: QuantizeRunOptions): Promise<QuantizeRunReport> {
  const { checkpoint = 'best', data, split = 'test', memory, ignoreLimits, signal, onProgress } = options;
  const { threads = availableParallelism() } = options;
  const limits = { threads, memory, ignoreLimits, signal };
  let stage = '';
  const scoring = (state: { done: number; total: number }) =>
    onProgress?.({ ...state, stage, unit: 'samples' });
  const cost =
    data === undefined
      ? null
      : await TableCost.open({ ...limits, run: options.run, data, split, checkpoint, onProgress: scoring });
  const run = cost?.run ?? (await openRun(options.run, checkpoint, 1, { memory, ignoreLimits }));
  const calibration = cost && needsCalibration(options) ? await calibrate(cost, options) : undefined;
  const began = performance.now();
  const report = await quantizeTables(tablesOf(run), {
    ...options,
    calibration,
    team: options.team ?? (tableRows(run.table.spec) > FEW_ROWS ? blockTeam(threads) : undefined),
    about: aboutRun(run),
    onProgress: (state) => onProgress?.({ ...state, unit: 'rows' }),
  });
  const seconds = (performance.now() - began) / 1000;
  const made = { ...report, run: options.run, checkpoint, epoch: Number(run.metadata.epoch), seconds };
  if (cost === null) return { ...made, scores: null };
  stage = 'score before';
  const before = await cost.score();
  await fillFrom(cost.replacement, report, run);
  stage = 'score after';
  return { ...made, scores: { split, before, after: await cost.scoreReplacement() } };
}

function needsCalibration({ method }: QuantizeRunOptions): boolean {
  const spec: QuantizerSpec = quantizers[method];
  return spec.needsCalibration ?? false;
}

/** On training rows: never on those that the result is judged by. */
function calibrate({ run, dataset }: TableCost, { signal, onProgress }: QuantizeRunOptions) {
  return calibrateLogit(run, {
    dataset,
    signal,
    onProgress: (state) => onProgress?.({ ...state, stage: 'calibrate', unit: 'samples' }),
  });
}

/** The run's tables as those of a file are: the embeddings, and what is left as it is. */
function tablesOf({ table, firstOrder, directory }: OpenedRun): Parameters<typeof quantizeTables>[0] {
  const sizeBytes = partBytes(table, 'codes') + partBytes(table, 'steps');
  const leftOut = firstOrder
    ? [
        {
          name: firstOrder.spec.name,
          reason: `has one fp32 number in each of its ${tableRows(firstOrder.spec).toLocaleString('en-US')} rows, which stay as they are`,
        },
      ]
    : [];
  return { tables: [{ ...tableSource(table), dtype: directory.config.method.name, sizeBytes }], leftOut };
}

/** What a reader of the file has to know of its rows: of which run they are, and which row stands for a value. */
function aboutRun({ directory, metadata }: OpenedRun): Record<string, string> {
  const { config, run } = directory;
  const { dataset } = run;
  const pairs = tablePairs(config, dataset);
  const firstRows = fieldOffsets(dataset);
  const rows = pairs
    ? { pairs: JSON.stringify(pairs) }
    : {
        firstRows: JSON.stringify(Object.fromEntries(dataset.fields.map((name, f) => [name, firstRows[f]]))),
      };
  return { run: run.id, epoch: metadata.epoch, fingerprint: dataset.fingerprint, ...rows };
}

/** Puts the rows of the file in place. */
async function fillFrom(
  replacement: ReplacedTable,
  { out, bits, side, layout, tables }: QuantizeFileReport,
  { table }: OpenedRun,
): Promise<void> {
  const [{ name, rows, dim }] = tables;
  if (extname(out).toLowerCase() !== '.npy') {
    const file = await QuantizedFile.open(out);
    try {
      await replacement.fill(file.source(name));
    } finally {
      await file.close();
    }
    return;
  }
  if (layout !== 'torch-rows') throw new Error(`A .npy file of layout ${layout} was written.`);
  // The file does not say what it is: it is known here.
  const file = await NpyReader.open(out);
  try {
    const bytes = new Uint8Array(file.header.elements);
    await file.readRange(0, bytes);
    const format = { kind: 'affine', bits, side, dim, rows, clusters: 0 } as const;
    await replacement.fill(new QuantizedTable(table.spec.name, layout, format, [bytes]));
  } finally {
    await file.close();
  }
}
