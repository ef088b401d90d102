// What a process that trains or scores has beside the memory that bitrow counts. Measured, not known: Node.js and its
// threads, onnxruntime with activations and its copies of the weights, DuckDB with the row groups that it decodes.
//
//   node dist/experiments/process-memory.js   prints what it was for several shapes, and what this says of them
import type { Model } from '../models/model.js';

/** Node.js, DuckDB and the libraries. */
const PROCESS = 210e6;
/** A thread's JavaScript and sessions, without what depends on the model. */
const THREAD = 20e6;
/** A thread's activations and their gradients that live at a time, by the outputs of all layers. */
const ACTIVATIONS = 3;
/** Copies of the weights, or of their gradients, that a thread's sessions make beside those that are counted. */
const WEIGHTS = 5;
/** What reading a window takes, by its size. */
const READING = 1.25;

export interface ProcessShape {
  threads: number;
  model: Model;
  /** The most rows of a micro-batch. */
  microRows: number;
  /** Of the rows that are read ahead. */
  windowBytes: number;
}

/** An estimate from above, in bytes. */
export function processBytes({ threads, model, microRows, windowBytes }: ProcessShape): number {
  let weights = 0;
  let outputs = 0;
  for (const { shape } of model.parameters) {
    weights += 4 * shape.reduce((product, size) => product * size, 1);
    if (shape.length === 2) outputs += 4 * microRows * shape[1];
  }
  const thread = THREAD + ACTIVATIONS * outputs + WEIGHTS * weights;
  return Math.round(PROCESS + threads * thread + READING * windowBytes);
}
