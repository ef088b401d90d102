// How scoring cuts batches (batch/micro-batches.ts).
import { type MicroBatch, microBatches, paddedRows } from '../batch/micro-batches.js';

/** The most rows of a micro-batch. Logits do not depend on it. */
export const MICRO_ROWS = 2000;

/** The micro-batches of a batch. */
export function scoringCut(rows: number): MicroBatch[] {
  return microBatches(rows, MICRO_ROWS);
}

/** Rows of the largest micro-batch, padding included. */
export function mostMicroRows({ batchRows }: { batchRows: number }): number {
  return paddedRows(Math.min(MICRO_ROWS, batchRows));
}
