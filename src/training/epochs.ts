// The epochs of a run: training, validation, early stopping on validation AUC, the copy of the best model, a line of
// metrics and a checkpoint. Between two batches `progress` says all that is not in the trainer, and training can go
// on from the two.
//
// At an epoch's end the best copy and the line of metrics are written before the checkpoint that knows of them.
// Killed in between, a run goes on from the checkpoint before, comes to the same epoch's end and writes the same again.
import { sha256OfFile } from '../data/checksum.js';
import { tableRows } from '../embedding/shard.js';
import type { Metrics } from '../metrics/scores.js';
import type { Config } from '../runs/config.js';
import { isOver, nothingDone, type Progress, trainedEpoch } from '../runs/progress.js';
import type { RunDirectory } from '../runs/run-directory.js';
import { createMethod } from '../scoring/blueprint.js';
import { Checkpointing, checkpointMetadata } from './checkpointing.js';
import { lossCurve } from './epoch-sums.js';
import type { TrainEvent } from './events.js';
import { type TableStatistics, tableStatistics } from './table-statistics.js';
import type { EpochProgress, Trainer } from './trainer.js';

/** One line of metrics.jsonl. */
export interface EpochRecord {
  epoch: number;
  trainingStep: number;
  trainLoss: number;
  /** Mean training loss of each twentieth of the epoch's batches; a point for each batch where there are fewer. */
  lossCurve: number[];
  validation: Metrics | null;
  /** Null where rows are fp32. */
  table: TableStatistics | null;
  samplesPerSecond: number;
  trainSeconds: number;
  validationSeconds: number;
}

/** Share of rows at the floor of the step above which a run warns. */
const FLOOR_WARNING = 0.001;

export interface EpochsOptions {
  trainer: Trainer;
  directory: RunDirectory;
  config: Config;
  /** Where training begins. */
  progress: Progress;
  /** The number of the last epoch. */
  lastEpoch: number;
  hasValidation: boolean;
  checkpointMs: number;
  clock: () => number;
  emit: (event: TrainEvent) => void;
  signal?: AbortSignal | undefined;
}

/** A training, epoch after epoch. */
export class Epochs {
  progress: Progress;
  readonly checkpointing: Checkpointing;

  constructor(private readonly options: EpochsOptions) {
    const { trainer, directory, checkpointMs, clock, emit } = options;
    this.progress = options.progress;
    this.checkpointing = new Checkpointing({
      trainer,
      checkpoints: directory.checkpoints,
      fingerprint: this.fingerprint,
      intervalMs: checkpointMs,
      clock,
      progress: () => this.progress,
      onCheckpoint: ({ bytes, progress }, seconds) => {
        const at = { epoch: trainedEpoch(progress), step: progress.trainingStep };
        emit({ kind: 'checkpoint', ...at, bytes, seconds });
      },
    });
  }

  /** Trains to the end. Stopped by the signal, it writes a checkpoint and throws the signal's reason. */
  async run(): Promise<void> {
    const { config, lastEpoch, signal } = this.options;
    try {
      while (!isOver(this.progress, lastEpoch, config.training.patience)) await this.epoch();
      signal?.throwIfAborted();
    } catch (error) {
      if (signal?.aborted && error === signal.reason) await this.checkpointing.take();
      throw error;
    }
  }

  private get fingerprint(): string {
    return this.options.directory.run.dataset.fingerprint;
  }

  /** The epoch in work, or what is left of it. */
  private async epoch(): Promise<void> {
    const { trainer, directory, hasValidation, emit, signal } = this.options;
    const trainLoss = await this.train();
    const { epoch, trainingStep, rows, seconds } = this.progress;
    const trained = performance.now();
    const validation = hasValidation ? await trainer.evaluate('validation', signal) : null;
    const record: EpochRecord = {
      epoch,
      trainingStep,
      trainLoss,
      lossCurve: lossCurve(this.progress),
      validation,
      table: tableStatistics(trainer.table, createMethod(this.options.config).stepFloor, this.progress),
      samplesPerSecond: rows / seconds,
      trainSeconds: seconds,
      validationSeconds: (performance.now() - trained) / 1000,
    };
    const best = await this.keepBest(record);
    const metricsBytes = await directory.appendMetrics(record);
    this.progress = {
      ...this.progress,
      ...nothingDone,
      epoch: epoch + 1,
      seconds: 0,
      rowsBefore: this.progress.rowsBefore + rows,
      secondsBefore: this.progress.secondsBefore + seconds,
      best,
      metricsBytes,
    };
    emit({ kind: 'epoch', ...record });
    this.warnOfFloor(record);
    await this.checkpointing.take();
  }

  /** The batches that are left of the epoch. @returns the mean loss of all of its rows */
  private async train(): Promise<number> {
    const { trainer, lastEpoch, emit, signal } = this.options;
    const { epoch, batch, seconds, trainingStep } = this.progress;
    const began = performance.now();
    const paused = this.checkpointing.cost.seconds;
    const tableBytes = trainer.predicted.table + trainer.predicted.step;
    const elapsed = () =>
      seconds + (performance.now() - began) / 1000 - (this.checkpointing.cost.seconds - paused);
    const onProgress = (state: EpochProgress) => {
      const { done, batches, loss } = state;
      this.progress = {
        ...this.progress,
        ...done,
        trainingStep: trainingStep + done.batch - batch,
        seconds: elapsed(),
      };
      emit({ kind: 'batch', epoch, epochs: lastEpoch, done: done.batch, batches, loss, tableBytes });
    };
    const done = this.progress;
    return trainer.trainEpoch(epoch, { done, onProgress, signal, pause: this.checkpointing });
  }

  /** Copies the model if the epoch is the best so far. @returns the best epoch */
  private async keepBest({ epoch, validation }: EpochRecord): Promise<Progress['best']> {
    const { trainer, directory } = this.options;
    const { best } = this.progress;
    const auc = validation?.auc ?? null;
    if (best && !isBetter(auc, best.auc)) return best;
    const path = directory.checkpoint('best');
    await trainer.save(path, checkpointMetadata(this.progress, this.fingerprint));
    return { epoch, auc, logloss: validation?.logloss ?? null, sha256: await sha256OfFile(path) };
  }

  private warnOfFloor({ epoch, table }: EpochRecord): void {
    const atFloor = table?.steps?.atFloor ?? 0;
    const rows = tableRows(this.options.trainer.table.spec);
    if (atFloor <= FLOOR_WARNING * rows) return;
    const method = this.options.config.method.name;
    const share = ((100 * atFloor) / rows).toFixed(2);
    this.options.emit({
      kind: 'warning',
      message: `${atFloor} rows (${share} %) have a step at its floor after epoch ${epoch}: lower ${method}.stepLearningRate or raise ${method}.firstStep.`,
    });
  }
}

/** By validation AUC; where it is undefined, the later epoch. */
function isBetter(auc: number | null, best: number | null): boolean {
  return auc === null || best === null || auc > best;
}
