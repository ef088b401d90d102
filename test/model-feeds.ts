// Numbers for everything that a model's graph is fed with, found in the graph: for tests of models.
import { type Node, reachable } from '../src/graph/node.js';
import { elementCount, withBatch } from '../src/graph/shape.js';
import { inputNames } from '../src/models/model.js';

/** Rows of a drawn batch; the last ones only pad. */
export const ROWS = 7;
const PADDING = 2;

export type Tensors = Record<string, { shape: readonly number[]; data: Float64Array }>;
export type Feed = Extract<Node, { name: string }>;

/** The inputs and parameters that a node depends on. */
export function feedsOf(node: Node): Feed[] {
  return reachable([node]).filter((one): one is Feed => one.kind === 'input' || one.kind === 'parameter');
}

/** Numbers of a seed for everything that a node depends on; the last rows only pad. */
export function draw(node: Node, seed: number): Tensors {
  let random = seed * 7919;
  const uniform = () => {
    random = (Math.imul(random, 1664525) + 1013904223) | 0;
    return (random >>> 8) / 2 ** 24;
  };
  const value = (name: string, index: number): number => {
    const isReal = index < ROWS - PADDING;
    if (name === inputNames.labels) return uniform() < 0.5 ? 1 : 0;
    if (name === inputNames.weights) return isReal ? 1 + (index % 3) : 0;
    if (name === inputNames.real) return isReal ? 1 : 0;
    if (name === inputNames.scale) return 1 / 7;
    if (name.startsWith('dropout.')) return uniform() < 0.25 ? 0 : 1 / 0.75;
    return name.endsWith('.variance') ? 0.5 + uniform() : 2 * uniform() - 1;
  };
  return Object.fromEntries(
    feedsOf(node).map(({ name, shape }) => {
      const sizes = withBatch(shape, ROWS);
      const data = Float64Array.from({ length: elementCount(sizes) }, (_, i) => value(name, i));
      return [name, { shape: sizes, data }];
    }),
  );
}
