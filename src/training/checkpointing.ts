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
  private saved: Progress;

  constructor(private readonly options: CheckpointingOptions) {
    this.saved = options.progress();
    this.last = options.clock();
  }

  isDue(): boolean {
    return this.options.clock() - this.last >= this.options.intervalMs;
  }

  /** Writes one, unless training stands where it began or where the newest one does. */
  async take(): Promise<void> {
    const { trainer, checkpoints, progress, fingerprint, clock, onCheckpoint } = this.options;
    const began = performance.now();
    const now = progress();
    if (now.epoch !== this.saved.epoch || now.batch !== this.saved.batch) {
      const metadata = checkpointMetadata(now, fingerprint);
      const checkpoint = await checkpoints.add(now, (path) => trainer.saveState(path, metadata));
      const seconds = (performance.now() - began) / 1000;
      this.saved = now;
      this.cost.count++;
      this.cost.bytes = checkpoint.bytes;
      this.cost.seconds += seconds;
      onCheckpoint(checkpoint, seconds);
    }
    this.last = clock();
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
