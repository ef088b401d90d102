// How scoring cuts batches (batch/micro-batches.ts).

/** The most rows of a micro-batch. Logits do not depend on it. */
export const MICRO_ROWS = 2000;
