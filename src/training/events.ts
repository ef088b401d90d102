// What a training says while it works, to whoever listens.
import type { EpochRecord } from './epochs.js';
import type { MemoryReport } from './memory.js';

/** What `onProgress` hears, in order. */
export type TrainEvent =
  | {
      kind: 'start';
      memory: MemoryReport;
      /** Bytes of the same table in fp32 with fp32 Adam. */
      fp32Bytes: number;
      threads: number;
      rows: number;
    }
  /** Training goes on from a checkpoint: of this run, or of the run `from`. */
  | { kind: 'resume'; epoch: number; step: number; from: string | null }
  | {
      kind: 'batch';
      epoch: number;
      /** The number of the last epoch. */
      epochs: number;
      done: number;
      batches: number;
      loss: number;
      tableBytes: number;
    }
  | ({ kind: 'epoch' } & EpochRecord)
  /** A checkpoint was written; training waited for it. */
  | { kind: 'checkpoint'; epoch: number; step: number; bytes: number; seconds: number }
  | { kind: 'warning'; message: string };
