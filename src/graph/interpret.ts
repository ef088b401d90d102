// The slow and obvious evaluation of a graph in float64: the oracle of every gradient and of onnxruntime's results.
import type { Application, Node, OperatorName } from './node.js';
import { reachable } from './node.js';
import type { Operator } from './operators/operator.js';
import { operators } from './operators/registry.js';
import { describeShape, elementCount, type Tensor, withBatch } from './shape.js';

/** Values by the name of the input or parameter; plain numbers in row-major order will do. */
export type Values = Readonly<Record<string, { shape: readonly number[]; data: ArrayLike<number> }>>;

/**
 * The values of `outputs` for `feeds`.
 *
 * @throws when a feed is missing or its shape is not the declared one, with one B for all of them
 */
export function interpret<K extends string>(
  outputs: Readonly<Record<K, Node>>,
  feeds: Values,
): Record<K, Tensor> {
  const named = Object.entries(outputs) as [K, Node][];
  const nodes = reachable(named.map(([, node]) => node));
  const batch = batchOf(nodes, feeds);
  const values = new Map<Node, Tensor>();
  for (const node of nodes) values.set(node, { shape: withBatch(node.shape, batch), data: compute(node) });
  return Object.fromEntries(named.map(([name, node]) => [name, tensorOf(node)])) as Record<K, Tensor>;

  function tensorOf(node: Node): Tensor {
    const tensor = values.get(node);
    if (tensor === undefined) throw new Error('A node was used before it was computed.');
    return tensor;
  }

  function compute(node: Node): Float64Array {
    if (node.kind === 'constant') return Float64Array.from(node.values);
    if (node.kind === 'application') {
      return evaluate(node, node.inputs.map(tensorOf), withBatch(node.shape, batch));
    }
    const { shape, data } = feeds[node.name];
    const expected = withBatch(node.shape, batch);
    if (describeShape(shape) !== describeShape(expected) || data.length !== elementCount(expected)) {
      throw new Error(
        `'${node.name}' is fed ${data.length} numbers of shape ${describeShape(shape)} (allowed: ${describeShape(expected)}).`,
      );
    }
    return Float64Array.from(data);
  }
}

function evaluate<K extends OperatorName>(
  node: Application<K>,
  inputs: readonly Tensor[],
  shape: readonly number[],
): Float64Array {
  const rule: Operator<K> = operators[node.operator];
  return rule.evaluate(inputs, node.attributes, shape);
}

/** The rows of the batch: axis 0 of the first feed that has them (1 when none does). */
function batchOf(nodes: readonly Node[], feeds: Values): number {
  let batch: number | undefined;
  for (const node of nodes) {
    if (node.kind !== 'input' && node.kind !== 'parameter') continue;
    if (!Object.hasOwn(feeds, node.name)) throw new Error(`${node.kind} '${node.name}' is not fed.`);
    if (node.shape[0] === 'B') batch ??= feeds[node.name].shape[0];
  }
  return batch ?? 1;
}
