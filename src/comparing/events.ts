// What a comparison says while it works, to whoever listens.
import type { Cell } from '../reports/comparison.js';
import type { TrainEvent } from '../training/events.js';

/** What `compare`'s `onProgress` hears. */
export type CompareEvent =
  | {
      kind: 'start';
      variants: number;
      seeds: number;
      cells: number;
      /** Cells that had finished before, and are not trained again. */
      finished: number;
      trainings: number;
      /**
       * Those of them that are there for what is made from them: of `full` where it was not asked for, or has finished
       * and its weights are gone.
       */
      forOthers: number;
      jobs: number;
      /** Of each job. */
      threads: number;
      /** The most that cells running together will hold, and what is free. */
      memoryBytes: number;
      availableBytes: number;
      /** Null where nothing is known. */
      seconds: number | null;
      /** From finished cells; or from a few batches of each kind, which knows nothing of epochs that are not needed. */
      secondsFrom: 'cells' | 'batches';
      /** The most epochs of a training. */
      epochs: number;
    }
  /** `label` is what people call a training: the variant, or `full for round:4` where nobody asked for it. */
  | { kind: 'training-start'; label: string; seed: number; training: number; trainings: number }
  | { kind: 'training'; label: string; seed: number; event: TrainEvent }
  | { kind: 'training-end'; label: string; seed: number }
  | {
      kind: 'cell-end';
      variant: string;
      seed: number;
      cell: Cell;
      /** Trainings that are over, of all that were to be done. */
      done: number;
      trainings: number;
      /** Until the last one; null where unknown. */
      secondsLeft: number | null;
    }
  | { kind: 'warning'; message: string };
