// `--format onnx`: one model from ids to logits and probabilities, for any onnxruntime; what it is made of is in write-onnx.ts,
// which is loaded when it is needed.
import type { Exporter } from './exporter.js';
import { fieldInputs, requireDistinctNames } from './onnx-inputs.js';

export const onnx: Exporter = {
  summary: 'one model for onnxruntime: ids to logits and probabilities, tables packed',
  output: ['.onnx'],
  beside: (out) => [`${out}.data`],
  hasOperators: true,
  check(subject) {
    requireDistinctNames(fieldInputs(subject), subject.run.directory.run.dataset.numbers !== undefined);
  },
  async write(subject, out, settings) {
    const { writeOnnx } = await import('./write-onnx.js');
    return writeOnnx(subject, out, settings);
  },
};
