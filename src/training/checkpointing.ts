// When a training writes a checkpoint, and what that costs: every few minutes between two batches, at each epoch's
// end, and when it is stopped.
import type { Checkpoint, Checkpoints } from '../runs/checkpoints.js';
import { type Progress, trainedEpoch } from '../runs/progress.js';
import type { Pause, Trainer } from './trainer.js';

/** What checkpoints of this process have cost so far. */
export interface CheckpointCost {
  count: number;
  /** Of the newest one. */
  bytes: number;
  /** Of all, while training waited. */
  seconds: number;
}

export interface CheckpointingOptions {
  trainer: Trainer;
  checkpoints: Checkpoints;
  fingerprint: string;
  /** Infinity: only at the end of an epoch. */
  intervalMs: number;
  /** Milliseconds. */
  clock: () => number;
  /** Where training stands: asked only while no batch is in work. */
  progress: () => Progress;
  onCheckpoint: (checkpoint: Checkpoint, seconds: number) => void;
}

/** Writes the checkpoints of one training. */
export class Checkpointing implements Pause {
  readonly cost: CheckpointCost = { count: 0, bytes: 0, seconds: 0 };
  private last: number;

  constructor(private readonly options: CheckpointingOptions) {
    this.last = options.clock();
  }

  isDue(): boolean {
    return this.options.clock() - this.last >= this.options.intervalMs;
  }

  async take(): Promise<void> {
    const { trainer, checkpoints, progress, fingerprint, clock, onCheckpoint } = this.options;
    const began = performance.now();
    const now = progress();
    const checkpoint = await checkpoints.add(now, (path) =>
      trainer.saveState(path, checkpointMetadata(now, fingerprint)),
    );
    const seconds = (performance.now() - began) / 1000;
    this.cost.count++;
    this.cost.bytes = checkpoint.bytes;
    this.cost.seconds += seconds;
    this.last = clock();
    onCheckpoint(checkpoint, seconds);
  }

  /** Writes one unless the newest stands where training does, or nothing was trained. */
  async takeIfNew(): Promise<void> {
    const { checkpoints, progress } = this.options;
    const newest = checkpoints.all[0]?.progress;
    const { epoch, batch } = progress();
    const isNew = newest ? newest.epoch !== epoch || newest.batch !== batch : batch > 0;
    if (isNew) await this.take();
  }
}

/** What a model's file says of itself. */
export function checkpointMetadata(progress: Progress, fingerprint: string): Record<string, string> {
  return {
    epoch: String(trainedEpoch(progress)),
    trainingStep: String(progress.trainingStep),
    fingerprint,
  };
}
