// Where a training stands, between two batches: everything its continuation depends on beside the model and the
// optimizer state. Numbers survive JSON in every bit, since JavaScript prints what reads back the same.
import { z } from 'zod';

export const progressSchema = z.strictObject({
  /** The epoch in work, from 1; one more than the last when training is over. */
  epoch: z.int().min(1),
  /** Batches of it that are done: with the epoch, the position. All of them when only its validation is missing. */
  batch: z.int().min(0),
  /** Of the epoch in work: sums of the rows' weighted losses and of their weights, rows. */
  lossSum: z.number(),
  weight: z.number(),
  rows: z.int().min(0),
  /** The first two of these for each part of the epoch that has begun: at most twenty parts of equally many batches. */
  curve: z.array(z.strictObject({ lossSum: z.number(), weight: z.number() })),
  /** Element changes of its sampled steps, and those that deterministic rounding would erase. */
  changes: z.int().min(0),
  erased: z.int().min(0),
  /** t of the last batch. */
  trainingStep: z.int().min(0),
  /** Of the epoch in work. */
  seconds: z.number(),
  /** Of the epochs before it, for the mean rate. */
  rowsBefore: z.int().min(0),
  secondsBefore: z.number(),
  /** The best epoch so far, and the checksum of the copy of its model. */
  best: z
    .strictObject({
      epoch: z.int().min(1),
      auc: z.number().nullable(),
      logloss: z.number().nullable(),
      sha256: z.string(),
    })
    .nullable(),
  /** Bytes of metrics.jsonl: the lines of the epochs before the one in work. */
  metricsBytes: z.int().min(0),
});
export type Progress = z.infer<typeof progressSchema>;

/** What was done of an epoch. */
export type EpochSums = Pick<
  Progress,
  'batch' | 'lossSum' | 'weight' | 'rows' | 'curve' | 'changes' | 'erased'
>;

/** An epoch before its first batch. */
export const nothingDone: Readonly<EpochSums> = {
  batch: 0,
  lossSum: 0,
  weight: 0,
  rows: 0,
  curve: [],
  changes: 0,
  erased: 0,
};

/** Before the first batch of `epoch`, after `trainingStep` steps of a run it continues. */
export function newProgress(epoch = 1, trainingStep = 0): Progress {
  return {
    epoch,
    ...nothingDone,
    trainingStep,
    seconds: 0,
    rowsBefore: 0,
    secondsBefore: 0,
    best: null,
    metricsBytes: 0,
  };
}

/** The epoch that the last batch was of; 0 before the first. */
export function trainedEpoch({ epoch, batch }: Progress): number {
  return batch > 0 ? epoch : epoch - 1;
}

/** Whether no epoch is to follow: the last one is done, or `patience` epochs brought nothing better. */
export function isOver({ epoch, batch, best }: Progress, lastEpoch: number, patience: number): boolean {
  if (batch > 0) return false;
  return epoch > lastEpoch || (best !== null && epoch - 1 - best.epoch >= patience);
}
