// The scoring graph within an exported model: the nodes that validation, evaluation and serving run, under names of their
// own, with its inputs taken from the lookups and its logits as outputs.
import { onnxModel } from '../graph/onnx.js';
import type { OnnxNode, OnnxTensor } from '../graph/onnx-model.js';
import { inputNames, type Model } from '../models/model.js';
import type { DenseTensor } from '../runs/checkpoint.js';
import { outputNames } from './onnx-inputs.js';
import { INTERNAL, type OnnxNodes } from './onnx-nodes.js';

/** What the network is given: names of (B, F·D), (B, N) and (B, F), the last two where the model has them. */
export interface NetworkInputs {
  x: string;
  numbers: string | null;
  firstOrder: string | null;
}

/** Nodes from there to the outputs, logits (B) and probabilities (B). */
export function addNetwork(
  nodes: OnnxNodes,
  scoring: Model,
  dense: readonly DenseTensor[],
  { x, numbers, firstOrder }: NetworkInputs,
): void {
  const initializers = new Map(dense.map(({ name, data }) => [name, Float32Array.from(data)]));
  const network = onnxModel({ outputs: { logits: scoring.logits }, initializers });
  const given = new Map([
    [inputNames.x, x],
    ...(numbers === null ? [] : [[inputNames.numbers, numbers] as const]),
    ...(firstOrder === null ? [] : [[inputNames.firstOrder, firstOrder] as const]),
  ]);
  for (const { name } of network.inputs) {
    if (!given.has(name as typeof inputNames.x))
      throw new Error(`The network's input '${name}' is not exported.`);
  }
  // '' is an input that is left out.
  const rename = (name: string) =>
    name === '' ? '' : (given.get(name as typeof inputNames.x) ?? `${INTERNAL}network/${name}`);
  for (const node of network.nodes) {
    const renamed: OnnxNode = {
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    };
    nodes.nodes.push(renamed);
  }
  for (const tensor of network.initializers) {
    const renamed: OnnxTensor = { ...tensor, name: rename(tensor.name) };
    nodes.initializers.push(renamed);
  }
  nodes.node('Reshape', [rename('logits'), nodes.integers([-1])], {}, outputNames.logits);
  nodes.node('Sigmoid', [outputNames.logits], {}, outputNames.probabilities);
}
