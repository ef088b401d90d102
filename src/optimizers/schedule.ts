// The learning rate over epochs: a constant, multiplied by `factor` after each of the named epochs.

/** When rates drop, and by how much. */
export interface Drops {
  /** Counted from 1: [6, 9] lowers the rate from epoch 7 and again from epoch 10. */
  afterEpochs: readonly number[];
  factor: number;
}

/** The factor on every learning rate (dense, rows and steps alike) in `epoch`, counted from 1. */
export function rateFactor(drops: Drops, epoch: number): number {
  return drops.factor ** drops.afterEpochs.filter((after) => epoch > after).length;
}
