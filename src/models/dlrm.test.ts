// DLRM against its paper in plain float64 loops: nothing of the graph.
import { describe, expect, it } from 'vitest';
import { draw, ROWS, type Tensors } from '../../test/model-feeds.js';
import { UserError } from '../errors.js';
import { interpret } from '../graph/interpret.js';
import { dlrm } from './dlrm.js';

const [FIELDS, DIM] = [3, 2];
const options = { bottom: [4], hidden: [5], dropout: 0, batchNorm: false };

/** relu(v · W + b) of layer `name`, or without relu. */
function layer(v: number[], t: Tensors, name: string, isLast = false): number[] {
  const bias = t[`${name}.bias`].data;
  const weight = t[`${name}.weight`].data;
  return Array.from(bias, (b, j) => {
    const sum = v.reduce((total, value, i) => total + value * weight[i * bias.length + j], b);
    return isLast ? sum : Math.max(sum, 0);
  });
}

describe.each([0, 2])('with %i numbers', (numbers) => {
  it('has the logits of the paper: all dot products, and z beside them', () => {
    const { logits } = dlrm.build({ fields: FIELDS, dim: DIM, numbers }, options, 'scoring');
    const t = draw(logits, 22);
    const { data } = interpret({ logits }, t).logits;
    const rows = (name: string, row: number, width: number) => [
      ...t[name].data.subarray(row * width, (row + 1) * width),
    ];
    for (let row = 0; row < ROWS; row++) {
      const x = rows('x', row, FIELDS * DIM);
      const z = numbers > 0 ? layer(layer(rows('numbers', row, numbers), t, 'bottom.0'), t, 'bottom.1') : [];
      const vectors = [...(numbers > 0 ? [z] : []), x.slice(0, 2), x.slice(2, 4), x.slice(4, 6)];
      const pairs = vectors.flatMap((a, i) => vectors.slice(i + 1).map((b) => a[0] * b[0] + a[1] * b[1]));
      expect(pairs.length).toBe(numbers > 0 ? 6 : 3);
      const [logit] = layer(layer([...z, ...pairs], t, 'top.0'), t, 'output', true);
      expect(data[row]).toBeCloseTo(logit, 10);
    }
  });
});

it('refuses data in which there is nothing to multiply', () => {
  expect(() => dlrm.build({ fields: 1, dim: DIM }, options, 'training')).toThrow(UserError);
  expect(() => dlrm.build({ fields: 1, dim: DIM, numbers: 1 }, options, 'training')).not.toThrow();
});
