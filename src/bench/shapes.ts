// The two shapes that step times are quoted for, whatever the data are: what a batch and the network are.
import type { Config } from '../runs/config.js';
import { merge, type PartialConfig, resolveConfig } from '../runs/resolve-config.js';

/** A: rows like Criteo's, a large batch and network. B: flights, where rows weigh more. */
export const shapes = {
  A: { batchSize: 10_000, hidden: [400, 400, 400] },
  B: { batchSize: 4096, hidden: [200, 200, 200] },
} as const;
export type ShapeName = keyof typeof shapes;
export const shapeNames = Object.keys(shapes) as ShapeName[];

const DIM = 16;
const CROSS_LAYERS = 3;

/** The configuration of a shape, with more settings. */
export function shapeConfig(name: ShapeName, more: PartialConfig): Config {
  const { batchSize, hidden } = shapes[name];
  const model = { dim: DIM, crossLayers: CROSS_LAYERS, hidden: [...hidden] };
  return resolveConfig(merge({ model, training: { batchSize } }, more));
}

/**
 * Useful flops of a step: `products` products of two flops a number for each weight of the MLP and each row; three in
 * training (forward, and the gradients of weights and of inputs).
 */
export function usefulFlops(name: ShapeName, fields: number, products = 3): number {
  const { batchSize, hidden } = shapes[name];
  const widths = [fields * DIM, ...hidden, 1];
  const weights = widths.slice(1).reduce((sum, width, i) => sum + width * widths[i], 0);
  return 2 * products * batchSize * weights;
}
