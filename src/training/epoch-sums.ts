// What an epoch adds up as its batches are done, in float64 and in their order: the sums are part of where a training
// stands, so that an epoch in two pieces has the same.
import type { ErasedChanges } from '../embedding/erased-changes.js';
import type { EpochSums } from '../runs/progress.js';
import type { TrainedBatch } from './worker.js';

/** Points of an epoch's loss curve, where it has that many batches. */
const CURVE_POINTS = 20;

/** A batch that is done; `weight` is the sum of its rows'. */
interface DoneBatch extends TrainedBatch {
  rows: number;
  weight: number;
}

/** The next batch of an epoch of `batches`. */
export function addBatch(
  sums: EpochSums,
  { loss, rows, weight, changes, erased }: DoneBatch,
  batches: number,
): EpochSums {
  const points = Math.min(CURVE_POINTS, batches);
  const point = Math.floor((sums.batch * points) / batches);
  const begun = sums.curve[point] ?? { lossSum: 0, weight: 0 };
  const lossSum = loss * weight;
  return {
    batch: sums.batch + 1,
    lossSum: sums.lossSum + lossSum,
    weight: sums.weight + weight,
    rows: sums.rows + rows,
    curve: [
      ...sums.curve.slice(0, point),
      { lossSum: begun.lossSum + lossSum, weight: begun.weight + weight },
    ],
    changes: sums.changes + changes,
    erased: sums.erased + erased,
  };
}

/** What the threads say of one batch: the same loss, each the changes of its own rows. */
export function combineReplies(replies: readonly TrainedBatch[]): TrainedBatch {
  const sum = (what: keyof ErasedChanges) => replies.reduce((total, reply) => total + reply[what], 0);
  return { loss: replies[0].loss, changes: sum('changes'), erased: sum('erased') };
}

/** Mean loss of each part of the epoch, rows by their weight. */
export function lossCurve({ curve }: EpochSums): number[] {
  return curve.map(({ lossSum, weight }) => lossSum / weight);
}
