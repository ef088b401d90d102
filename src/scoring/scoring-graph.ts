// The scoring graph of a model with its weights as initializers: the one that validation, evaluation, prediction
// and serving run.
import { toOnnx } from '../graph/onnx.js';
import { denseLayout } from '../models/dense.js';
import type { Model } from '../models/model.js';
import type { DenseTensor } from '../runs/checkpoint.js';

/** The network's tensors over two vectors: parameters (dense layout) and running statistics, as the training graph has them. */
export function denseTensors(
  training: Model,
  parameters: Float32Array,
  running: Float32Array,
): DenseTensor[] {
  const tensors: DenseTensor[] = denseLayout(training).entries.map(({ name, shape, offset, length }) => ({
    name,
    shape,
    data: parameters.subarray(offset, offset + length),
  }));
  let at = 0;
  for (const { name, width } of training.statistics) {
    tensors.push({ name, shape: [width], data: running.subarray(at, at + width) });
    at += width;
  }
  return tensors;
}

/** ONNX bytes of `scoring` with all weights inside. */
export function scoringOnnx(scoring: Model, tensors: readonly DenseTensor[]): Uint8Array {
  // Copied: the vectors may be shared memory, and training goes on.
  const initializers = new Map(tensors.map(({ name, data }) => [name, Float32Array.from(data)]));
  return toOnnx({ outputs: { logits: scoring.logits }, initializers });
}
