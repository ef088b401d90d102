// How many changes of codes deterministic rounding would erase (remark 1 of the ALPT paper): an update of less than half
// a step rounds back to the code it came from, and training stands still where stochastic rounding goes on in the mean.
// Counted on some training steps only, always the same ones; whole numbers, so that threads may add up theirs in any
// order.

/** Element changes of the rows of a batch. */
export interface ErasedChanges {
  /** Other than zero. */
  changes: number;
  /** Of these, the ones that leave their code as it is when rounded half up: too small, or against the grid's limit. */
  erased: number;
}

/** Of that many training steps one is looked at: a count costs about as much as the write of the codes. */
const EVERY = 16;

/** Whether changes of this step are counted. Not the first one, where Adam moves every element by the whole rate. */
export function countsErased(trainingStep: number): boolean {
  return trainingStep % EVERY === EVERY / 2;
}
