// `train`: a configuration and an encoded dataset in, a run directory out. Epochs with validation after each,
// early stopping on validation AUC, the best and the last model kept.
import { availableParallelism, cpus } from 'node:os';
import { loadDataset } from '../data/encoded-dataset.js';
import type { Manifest } from '../data/manifest.js';
import { tableRows } from '../embedding/shard.js';
import { UserError } from '../errors.js';
import { onnxruntimeVersion } from '../graph/session.js';
import { kernelVariant } from '../kernels/load.js';
import type { Metrics } from '../metrics/scores.js';
import type { Config } from '../runs/config.js';
import { keepDataset } from '../runs/kept-dataset.js';
import { type Run, RunDirectory } from '../runs/run-directory.js';
import { createMethod, datasetShape } from '../scoring/blueprint.js';
import { version } from '../version.js';
import type { MemoryReport } from './memory.js';
import { type TableStatistics, tableStatistics } from './table-statistics.js';
import { Trainer } from './trainer.js';

/** What to train on, how, and where to. */
export interface TrainOptions {
  /** Directory of an encoded dataset. */
  data: string;
  /** Directory of the run, made here. */
  out: string;
  /** From `resolveConfig`. */
  config: Config;
  /** Default: all processors. The result does not depend on it. */
  threads?: number;
  /** Replaces a run that is there. */
  force?: boolean;
  onProgress?: (event: TrainEvent) => void;
  /** Stops the work; `train` then rejects with the signal's reason. */
  signal?: AbortSignal;
}

/** What `onProgress` hears, in order. */
export type TrainEvent =
  | { kind: 'start'; memory: MemoryReport; threads: number; rows: number }
  | {
      kind: 'batch';
      epoch: number;
      epochs: number;
      done: number;
      batches: number;
      loss: number;
      tableBytes: number;
    }
  | ({ kind: 'epoch' } & EpochRecord)
  | { kind: 'warning'; message: string };

/** One line of metrics.jsonl. */
export interface EpochRecord {
  epoch: number;
  trainingStep: number;
  trainLoss: number;
  validation: Metrics | null;
  table: TableStatistics | null;
  samplesPerSecond: number;
  trainSeconds: number;
  validationSeconds: number;
}

/** What a run came to. Bytes and seconds; metrics are of the best epoch, null where undefined. */
export interface TrainResult {
  run: string;
  resumedFrom: null;
  bestEpoch: number;
  validation: { auc: number | null; logloss: number | null };
  samplesPerSecond: number;
  seconds: number;
  memory: { predicted: MemoryReport; allocated: MemoryReport; peakRss: number };
}

/** Share of rows at the floor of the step above which a run warns. */
const FLOOR_WARNING = 0.001;

/**
 * Trains a model on an encoded dataset and writes its run directory.
 *
 * @throws UserError when the data or the place of the run is not what it should be
 * @example
 * const config = resolveConfig({ method: { name: 'alpt', bits: 4 }, training: { epochs: 1 } });
 * const { bestEpoch, validation } = await train({ data: 'data/criteo', out: 'runs/alpt-4', config });
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { config, threads = availableParallelism(), signal } = options;
  const began = performance.now();
  const dataset = await loadDataset(options.data);
  const { manifest } = dataset;
  const trainRows = rowsOf(manifest, 'train');
  if (trainRows === 0) throw new UserError(`The dataset '${options.data}' has no rows to train on.`);
  const force = options.force ?? false;
  RunDirectory.requireFree(options.out, force);
  // Before anything is written or replaced: what cannot be allocated leaves no run behind.
  const trainer = new Trainer({ dataset, config, threads });
  try {
    const directory = await RunDirectory.create(options.out, config, newRun(manifest), force);
    await keepDataset(options.out, dataset);
    const emit = options.onProgress ?? (() => {});
    emit({ kind: 'start', memory: trainer.predicted, threads, rows: trainRows });
    const { epochs, patience } = config.training;
    const { stepFloor } = createMethod(config);
    const tableBytes = trainer.predicted.table + trainer.predicted.step;
    const metadata = (epoch: number) => ({
      epoch: String(epoch),
      trainingStep: String(trainer.trainingStep),
      fingerprint: manifest.fingerprint,
    });
    let best: EpochRecord | undefined;
    let trainSeconds = 0;
    let epochsDone = 0;
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const record = await runEpoch(trainer, epoch, stepFloor, hasRows(manifest, 'validation'), {
        signal,
        onBatch: (progress) => emit({ kind: 'batch', epochs, tableBytes, ...progress }),
      });
      trainSeconds += record.trainSeconds;
      epochsDone = epoch;
      await directory.appendMetrics(record);
      emit({ kind: 'epoch', ...record });
      warnOfFloor(record, trainer, emit);
      await trainer.save(directory.checkpoint('last'), metadata(epoch));
      if (!best || isBetter(record, best)) {
        best = record;
        await trainer.save(directory.checkpoint('best'), metadata(epoch));
      } else if (epoch - best.epoch >= patience) {
        break;
      }
    }
    signal?.throwIfAborted();
    if (!best) throw new Error('No epoch was trained.');
    const result: TrainResult = {
      run: options.out,
      resumedFrom: null,
      bestEpoch: best.epoch,
      validation: { auc: best.validation?.auc ?? null, logloss: best.validation?.logloss ?? null },
      samplesPerSecond: (epochsDone * trainRows) / trainSeconds,
      seconds: (performance.now() - began) / 1000,
      memory: {
        predicted: trainer.predicted,
        allocated: await trainer.allocatedMemory(),
        peakRss: process.resourceUsage().maxRSS * 1024,
      },
    };
    await directory.update({ state: 'finished', result });
    return result;
  } finally {
    await trainer.close();
  }
}

interface EpochHooks {
  signal: AbortSignal | undefined;
  onBatch(progress: { epoch: number; done: number; batches: number; loss: number }): void;
}

async function runEpoch(
  trainer: Trainer,
  epoch: number,
  stepFloor: number | null,
  validates: boolean,
  { signal, onBatch }: EpochHooks,
): Promise<EpochRecord> {
  const began = performance.now();
  let rows = 0;
  const trainLoss = await trainer.trainEpoch(
    epoch,
    (progress) => {
      rows = progress.rows;
      onBatch(progress);
    },
    signal,
  );
  const trained = performance.now();
  const validation = validates ? await trainer.evaluate('validation', signal) : null;
  const trainSeconds = (trained - began) / 1000;
  return {
    epoch,
    trainingStep: trainer.trainingStep,
    trainLoss,
    validation,
    table: tableStatistics(trainer.table, stepFloor),
    samplesPerSecond: rows / trainSeconds,
    trainSeconds,
    validationSeconds: (performance.now() - trained) / 1000,
  };
}

/** By validation AUC; where it is undefined, the later epoch. */
function isBetter(record: EpochRecord, best: EpochRecord): boolean {
  const [auc, bestAuc] = [record.validation?.auc ?? null, best.validation?.auc ?? null];
  return auc === null || bestAuc === null || auc > bestAuc;
}

function warnOfFloor(record: EpochRecord, trainer: Trainer, emit: (event: TrainEvent) => void): void {
  const atFloor = record.table?.steps?.atFloor ?? 0;
  const rows = tableRows(trainer.table.spec);
  if (atFloor <= FLOOR_WARNING * rows) return;
  const share = ((100 * atFloor) / rows).toFixed(2);
  emit({
    kind: 'warning',
    message: `${atFloor} rows (${share} %) have a step at its floor after epoch ${record.epoch}: lower alpt.stepLearningRate or raise alpt.firstStep.`,
  });
}

function rowsOf(manifest: Manifest, split: string): number {
  return manifest.splits.find(({ name }) => name === split)?.rows ?? 0;
}

function hasRows(manifest: Manifest, split: string): boolean {
  return rowsOf(manifest, split) > 0;
}

function newRun(manifest: Manifest): Run {
  return {
    format: 'bitrow-run',
    version: 1,
    made: {
      bitrow: version,
      onnxruntime: onnxruntimeVersion,
      kernels: kernelVariant,
      processor: cpus()[0]?.model ?? 'unknown',
    },
    state: 'running',
    dataset: {
      name: manifest.dataset,
      fingerprint: manifest.fingerprint,
      fields: manifest.fields.map(({ name }) => name),
      ...datasetShape(manifest),
    },
    result: null,
  };
}
