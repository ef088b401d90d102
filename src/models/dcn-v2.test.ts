// DCN-V2 against the equations of its paper in plain float64 loops: nothing of the graph.

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { draw, ROWS, type Tensors } from '../../test/model-feeds.js';
import { interpret } from '../graph/interpret.js';
import { dcnV2 } from './dcn-v2.js';

const SHAPE = { fields: 2, dim: 2, numbers: 1 };
const WIDTH = 5;
const schema = dcnV2.options(z);
const options = schema.parse.bind(schema);

/** v · (rows, columns), by the elements of the matrix. */
const times = (v: number[], { shape: [, columns], data }: Tensors[string]) =>
  Array.from({ length: columns }, (_, j) =>
    v.reduce((sum, value, i) => sum + value * data[i * columns + j], 0),
  );
const plus = (v: number[], { data }: Tensors[string]) => v.map((value, i) => value + data[i]);

function crossed(x0: number[], t: Tensors, layers: number, isLowRank: boolean): number[] {
  let x = x0;
  for (let l = 0; l < layers; l++) {
    const product = isLowRank
      ? times(times(x, t[`cross.${l}.v`]), t[`cross.${l}.u`])
      : times(x, t[`cross.${l}.weight`]);
    const mixed = plus(product, t[`cross.${l}.bias`]);
    x = x.map((value, i) => x0[i] * mixed[i] + value);
  }
  return x;
}

const deep = (x: number[], t: Tensors) =>
  plus(times(x, t['mlp.0.weight']), t['mlp.0.bias']).map((value) => Math.max(value, 0));

describe.each([null, 2])('of rank %s', (rank) => {
  it.each(['parallel', 'stacked'] as const)('has the logits of the paper, %s', (structure) => {
    const chosen = options({ crossLayers: 3, rank, structure, hidden: [4] });
    const { logits } = dcnV2.build(SHAPE, chosen as Parameters<typeof dcnV2.build>[1], 'scoring');
    const t = draw(logits, 21);
    const { data } = interpret({ logits }, t).logits;
    for (let row = 0; row < ROWS; row++) {
      const x0 = [...t.x.data.subarray(row * 4, (row + 1) * 4), t.numbers.data[row]];
      const xL = crossed(x0, t, 3, rank !== null);
      const h = structure === 'parallel' ? [...xL, ...deep(x0, t)] : deep(xL, t);
      const [logit] = plus(times(h, t['output.weight']), t['output.bias']);
      expect(data[row]).toBeCloseTo(logit, 10);
    }
    // A matrix, or two factors of it, in each layer.
    const sizes = Object.entries(t).filter(([name]) => /^cross\..*(weight|u|v)$/.test(name));
    expect(sizes.reduce((sum, [, one]) => sum + one.data.length, 0)).toBe(
      3 * (rank === null ? WIDTH ** 2 : 2 * rank * WIDTH),
    );
  });
});
