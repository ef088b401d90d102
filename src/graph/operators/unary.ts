// Elementwise operators of one input.
import type { Graph } from '../graph.js';
import type { Application, Node } from '../node.js';
import type { Tensor } from '../shape.js';
import type { Operator, Rules } from './operator.js';

type Unary = 'negate' | 'relu' | 'sigmoid' | 'softplus' | 'square' | 'squareRoot';

function rules<K extends Unary>(
  value: (x: number) => number,
  gradient: (g: Graph, node: Application<K>, dOutput: Node) => Node,
  emit: Operator<K>['emit'],
): Operator<K> {
  return {
    shape: ([x]) => x,
    evaluate: ([x]: readonly Tensor[]) => Float64Array.from(x.data, value),
    gradient,
    emit,
  };
}

export const unary: Rules<Unary> = {
  negate: rules(
    (x) => -x,
    (g, _, dOutput) => g.negate(dOutput),
    (writer, inputs, _, output) => writer.node('Neg', inputs, {}, output),
  ),
  relu: rules(
    (x) => Math.max(x, 0),
    // By the result, which is there anyway for the next layer: x itself need not stay in cache.
    (g, node, dOutput) => g.reluGradient(node, dOutput),
    (writer, inputs, _, output) => writer.node('Relu', inputs, {}, output),
  ),
  sigmoid: rules(
    (x) => 1 / (1 + Math.exp(-x)),
    (g, node, dOutput) => g.multiply(dOutput, g.multiply(node, g.subtract(1, node))),
    (writer, inputs, _, output) => writer.node('Sigmoid', inputs, {}, output),
  ),
  softplus: rules(
    (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    (g, { inputs: [x] }, dOutput) => g.multiply(dOutput, g.sigmoid(x)),
    (writer, inputs, _, output) => writer.node('Softplus', inputs, {}, output),
  ),
  square: rules(
    (x) => x * x,
    (g, { inputs: [x] }, dOutput) => g.multiply(dOutput, g.multiply(2, x)),
    (writer, [x], _, output) => writer.node('Mul', [x, x], {}, output),
  ),
  squareRoot: rules(
    Math.sqrt,
    (g, node, dOutput) => g.divide(dOutput, g.multiply(2, node)),
    (writer, inputs, _, output) => writer.node('Sqrt', inputs, {}, output),
  ),
};
