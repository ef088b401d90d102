// Scores a whole split with a team, in stored order.
import { readBatches } from '../batch/reader.js';
import type { EncodedDataset } from '../data/encoded-dataset.js';
import type { NumberStatistics } from '../schema/number-input.js';
import { type ScoredBatch, type ScoringParts, scoreBatches } from './score-batches.js';

/** A team that has its scoring graph, and what it is to score. */
export interface ScoreSplitOptions extends ScoringParts {
  dataset: EncodedDataset;
  split: string;
  /** (F), ids of each field that the model has rows for; by default all of the data's. */
  knownIds?: readonly number[];
  /** What the model's numeric inputs are standardised by. */
  numbers?: readonly NumberStatistics[] | undefined;
  signal?: AbortSignal | undefined;
}

/** Yields every batch's logits and labels, in stored order: copies, the caller's to keep. */
export function scoreSplit({
  dataset,
  split,
  knownIds,
  numbers,
  signal,
  ...parts
}: ScoreSplitOptions): AsyncGenerator<ScoredBatch> {
  const batchSize = parts.slots.shape.batchRows;
  const order = { split, batchSize, order: 'stored', numbers, ...(knownIds && { knownIds }) } as const;
  return scoreBatches(parts, readBatches(dataset, order), signal);
}
