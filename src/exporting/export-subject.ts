// What is exported: a run in memory, and where it is asked for its table quantized, with what that costs. First-order weights
// and the network stay as they are.

import { splitOf } from '../batch/split-file.js';
import { type EncodedDataset, loadDataset } from '../data/encoded-dataset.js';
import { tableRows } from '../embedding/shard.js';
import { UserError } from '../errors.js';
import { blockTeam } from '../posttraining/block-team.js';
import { quantizeInMemory } from '../posttraining/quantized-table.js';
import type { QuantizedBits, QuantizerSpec, Side } from '../posttraining/quantizer.js';
import { type QuantizerName, quantizers } from '../posttraining/registry.js';
import type { RowErrors } from '../posttraining/row-errors.js';
import { type CheckpointName, RunDirectory } from '../runs/run-directory.js';
import { tableOffsets } from '../scoring/blueprint.js';
import { calibrateLogit } from '../scoring/logit-calibration.js';
import { type OpenedRun, openRun, requireSameData } from '../scoring/open-run.js';
import { ReplacedTable, replacedBytes } from '../scoring/replaced-table.js';
import { TableCost, type TableScores } from '../scoring/table-cost.js';
import { tableSource } from '../scoring/table-source.js';
import type { ExportProgress, ExportSubject, Quantization } from './exporter.js';
import { servedQuantized } from './served-quantized.js';
import { servedRun } from './served-run.js';

/** What the embeddings are to be replaced by. */
export interface QuantizeAtExport {
  method: QuantizerName;
  bits: QuantizedBits;
  /** Default: fp32 at 8 bits, fp16 at 4 and 2. */
  side?: Side | undefined;
}

/** What that made of them. */
export interface QuantizationReport extends RowErrors {
  method: QuantizerName;
  bits: QuantizedBits;
  side: Side;
}

/** What it costs. */
export interface QuantizingCost {
  split: string;
  before: TableScores;
  after: TableScores;
}

export interface SubjectOptions {
  run: string;
  checkpoint: CheckpointName;
  quantize?: QuantizeAtExport | undefined;
  data?: string | undefined;
  split?: string | undefined;
  threads: number;
  memory?: number | undefined;
  ignoreLimits?: boolean | undefined;
  onProgress: (progress: ExportProgress) => void;
  signal?: AbortSignal | undefined;
}

/** What there is to export, and to tell about it. */
interface PreparedSubject {
  subject: ExportSubject;
  quantized: QuantizationReport | null;
  /** Scores the split with both tables; null without data, or where nothing was quantized. */
  scores(): Promise<QuantizingCost | null>;
}

/** Up to here other threads take longer to start than the work does. */
const FEW_ROWS = 20_000;

/** Opens, and quantizes. @throws UserError when there is no such run, data or split, or room for them */
export async function exportSubject(options: SubjectOptions): Promise<PreparedSubject> {
  const { checkpoint, quantize, data, split = 'test', signal } = options;
  let stage = '';
  const onProgress = (state: { done: number; total: number }) =>
    options.onProgress({ ...state, stage, unit: 'samples' });
  const cost =
    data !== undefined && quantize ? await TableCost.open({ ...options, data, split, onProgress }) : null;
  const original = cost?.run ?? (await open(options));
  const dataset = cost?.dataset ?? (data === undefined ? null : await openData(original, data, split));
  const rows = dataset && { dataset, split };
  if (!quantize) {
    return {
      subject: subjectOf(checkpoint, original, null, rows),
      quantized: null,
      scores: async () => null,
    };
  }
  const quantization = await quantizeRows(original, quantize, dataset, options);
  const replacement = cost?.replacement ?? new ReplacedTable(original);
  await replacement.fill(quantization.table);
  const { table: _, ...quantized } = quantization;
  return {
    subject: subjectOf(checkpoint, replacement.run, quantization, rows),
    quantized,
    async scores() {
      if (!cost) return null;
      signal?.throwIfAborted();
      stage = 'score before';
      const before = await cost.score();
      stage = 'score after';
      return { split, before, after: await cost.scoreReplacement() };
    },
  };
}

function subjectOf(
  checkpoint: CheckpointName,
  run: OpenedRun,
  quantization: Quantization | null,
  rows: ExportSubject['rows'],
): ExportSubject {
  const { table, firstOrder } = run;
  return {
    checkpoint,
    run,
    embedding: quantization ? servedQuantized(quantization.table, table.spec.name) : servedRun(table),
    firstOrder: firstOrder && servedRun(firstOrder),
    quantization,
    rows,
  };
}

/** The run, where there is room for it and for a quantized table's values. */
async function open({
  run,
  checkpoint,
  threads,
  quantize,
  memory,
  ignoreLimits,
}: SubjectOptions): Promise<OpenedRun> {
  const { config, run: record } = await RunDirectory.open(run);
  const [rows] = tableOffsets(config, record.dataset).slice(-1);
  const otherBytes = quantize ? replacedBytes(config.model, rows) : 0;
  return openRun(run, checkpoint, threads, { batchRows: 1000, otherBytes, memory, ignoreLimits });
}

async function openData({ directory }: OpenedRun, data: string, split: string): Promise<EncodedDataset> {
  const dataset = await loadDataset(data);
  splitOf(dataset.manifest, split);
  requireSameData(directory, dataset.manifest, 'compare on the data set the run was trained on.');
  return dataset;
}

/** The rows of the run as the network sees them, quantized. */
async function quantizeRows(
  run: OpenedRun,
  { method, bits, side }: QuantizeAtExport,
  dataset: EncodedDataset | null,
  { threads, onProgress, signal }: SubjectOptions,
): Promise<Quantization & QuantizationReport> {
  const spec: QuantizerSpec = quantizers[method];
  if (spec.needsCalibration && !dataset) {
    throw new UserError(`Method ${method} asks the model what its rows are for.`, 'pass --data DIR', 2);
  }
  const calibration =
    spec.needsCalibration && dataset
      ? await calibrateLogit(run, {
          dataset,
          signal,
          onProgress: (state) => onProgress({ ...state, stage: 'calibrate', unit: 'samples' }),
        })
      : undefined;
  const rows = tableRows(run.table.spec);
  const { table, errors } = await quantizeInMemory(
    tableSource(run.table),
    { method, bits, side, calibration },
    {
      team: rows > FEW_ROWS ? blockTeam(threads) : undefined,
      signal,
      onProgress: (done) => onProgress({ stage: 'quantize', done, total: rows, unit: 'rows' }),
    },
  );
  return { method, bits, side: table.format.side, table, ...errors };
}
