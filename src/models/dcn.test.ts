// DCN against the network as its paper writes it, layer by layer, in plain float64 loops: nothing of the graph, of
// the short form of the cross network, or of its recursions.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpret } from '../graph/interpret.js';
import { dcn } from './dcn.js';
import type { Mode } from './model.js';

const SHAPE = { fields: 2, dim: 3 };
const WIDTH = SHAPE.fields * SHAPE.dim;
const HIDDEN = [5, 4];
const RATE = 0.25;

interface Options {
  crossLayers: number;
  batchNorm: boolean;
  dropout: number;
}

const build = (options: Options, mode: Mode) => dcn.build(SHAPE, { ...options, hidden: HIDDEN }, mode);

type Tensors = Record<string, { shape: readonly number[]; data: Float64Array }>;

/** Numbers of a seed for everything the training graph reads; the last two rows only pad. */
function draw(options: Options, rows: number, seed: number): Tensors {
  let random = seed | 1;
  const uniform = () => {
    random = (Math.imul(random, 1664525) + 1013904223) | 0;
    return (random >>> 8) / 2 ** 24;
  };
  const tensor = (shape: readonly number[], value: (i: number) => number) => ({
    shape,
    data: Float64Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) =>
      value(i),
    ),
  });
  const model = build(options, 'training');
  const signed = () => 2 * uniform() - 1;
  return {
    x: tensor([rows, WIDTH], signed),
    labels: tensor([rows, 1], () => (uniform() < 0.5 ? 1 : 0)),
    weights: tensor([rows, 1], (row) => (row < rows - 2 ? 1 : 0)),
    scale: tensor([], () => 1 / 7),
    ...Object.fromEntries(model.parameters.map(({ name, shape }) => [name, tensor(shape, signed)])),
    ...Object.fromEntries(
      model.dropouts.map(({ name, width }) => [
        name,
        tensor([rows, width], () => (uniform() < RATE ? 0 : 1 / (1 - RATE))),
      ]),
    ),
  };
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);

/** x_{l+1} = x_0 (x_l · w_l) + b_l + x_l; the MLP; logit = w_out · [x_L, h] + bias. */
function layerByLayer({ crossLayers, batchNorm, dropout }: Options, t: Tensors): number[] {
  const rows = t.x.shape[0];
  const rowsOf = ({ data, shape }: Tensors[string]) =>
    Array.from({ length: shape[0] }, (_, row) =>
      Array.from(data.subarray(row * shape[1], (row + 1) * shape[1])),
    );
  const column = ({ data, shape }: Tensors[string], j: number) =>
    Array.from({ length: shape[0] }, (_, i) => data[i * shape[1] + j]);
  const first = rowsOf(t.x);

  const cross = first.map((x0) => {
    let x = x0;
    for (let l = 0; l < crossLayers; l++) {
      const product = dot(x, column(t['cross.weight'], l));
      const bias = rowsOf(t['cross.bias'])[l];
      x = x.map((value, i) => x0[i] * product + bias[i] + value);
    }
    return x;
  });

  let h = first;
  HIDDEN.forEach((units, layer) => {
    const weight = t[`mlp.${layer}.weight`];
    h = h.map((input) =>
      Array.from({ length: units }, (_, j) => dot(input, column(weight, j)) + t[`mlp.${layer}.bias`].data[j]),
    );
    if (batchNorm) {
      const real = h.filter((_, row) => t.weights.data[row] === 1);
      for (let j = 0; j < units; j++) {
        const mean = real.reduce((sum, row) => sum + row[j], 0) / real.length;
        const variance = real.reduce((sum, row) => sum + (row[j] - mean) ** 2, 0) / real.length;
        const [gain, shift] = ['gain', 'shift'].map((name) => t[`mlp.${layer}.norm.${name}`].data[j]);
        for (const row of h) row[j] = ((row[j] - mean) / Math.sqrt(variance + 1e-5)) * gain + shift;
      }
    }
    h = h.map((values, row) =>
      values.map(
        (value, j) => Math.max(value, 0) * (dropout > 0 ? t[`dropout.${layer}`].data[row * units + j] : 1),
      ),
    );
  });
  return Array.from(
    { length: rows },
    (_, row) =>
      dot(cross[row], t['output.cross'].data) + dot(h[row], t['output.mlp'].data) + t['output.bias'].data[0],
  );
}

const every: Options[] = [1, 2, 3, 6].flatMap((crossLayers) =>
  [false, true].map((batchNorm) => ({ crossLayers, batchNorm, dropout: batchNorm ? RATE : 0 })),
);

describe.each(every)('with $crossLayers cross layers, batch normalization $batchNorm', (options) => {
  it('gives the logits of the layer-by-layer form, biases and all', () => {
    const { logits } = build(options, 'training');
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const tensors = draw(options, 7, seed);
        const { data } = interpret({ logits }, tensors).logits;
        layerByLayer(options, tensors).forEach((expected, row) => {
          // Some hundred roundings to 2^−53; six cross layers of numbers near 1 grow to some 10⁴.
          expect(Math.abs(data[row] - expected)).toBeLessThan(1e-9 * (1 + Math.abs(expected)));
        });
      }),
      { numRuns: 30 },
    );
  });

  it('has the cross-entropy of the real rows as its loss, times the scale', () => {
    const tensors = draw(options, 7, 5);
    const { loss } = interpret({ loss: build(options, 'training').loss }, tensors);
    const expected = layerByLayer(options, tensors)
      .map((z, row) => Math.log1p(Math.exp(tensors.labels.data[row] ? -z : z)))
      .slice(0, 5)
      .reduce((sum, value) => sum + value, 0);
    expect(loss.data[0]).toBeCloseTo(expected / 7, 9);
  });

  it('scores as it trains, where the running statistics are those of the batch and nothing is dropped', () => {
    const training = build(options, 'training');
    const scoring = build(options, 'scoring');
    const tensors = draw(options, 7, 9);
    for (const { name } of training.dropouts) tensors[name].data.fill(1);
    const statistics = interpret(
      Object.fromEntries(training.statistics.map(({ name, node }) => [name, node])),
      tensors,
    );
    expect(Object.keys(statistics).length).toBe(options.batchNorm ? 2 * HIDDEN.length : 0);
    expect(scoring.dropouts).toEqual([]);
    const trained = interpret({ logits: training.logits }, tensors).logits;
    const scored = interpret({ logits: scoring.logits }, { ...tensors, ...statistics }).logits;
    expect([...scored.data]).toEqual([...trained.data]);
    expect(scoring.parameters.map(({ name }) => name)).toEqual(training.parameters.map(({ name }) => name));
  });
});

it('starts from the distribution of Xavier, the output layer and each w_l as one unit', () => {
  const { parameters } = build({ crossLayers: 3, batchNorm: true, dropout: 0 }, 'training');
  const initial = Object.fromEntries(
    parameters.map(({ name, initial }) => [name, 'deviation' in initial ? initial.deviation ** 2 : initial]),
  );
  expect(initial).toEqual({
    'cross.weight': expect.closeTo(2 / (6 + 1)),
    'cross.bias': { constant: 0 },
    'mlp.0.weight': expect.closeTo(2 / (6 + 5)),
    'mlp.1.weight': expect.closeTo(2 / (5 + 4)),
    'mlp.0.bias': { constant: 0 },
    'mlp.1.bias': { constant: 0 },
    'output.cross': expect.closeTo(2 / (6 + 4 + 1)),
    'output.mlp': expect.closeTo(2 / (6 + 4 + 1)),
    'output.bias': { constant: 0 },
    ...Object.fromEntries(
      [0, 1].flatMap((layer) => [
        [`mlp.${layer}.norm.gain`, { constant: 1 }],
        [`mlp.${layer}.norm.shift`, { constant: 0 }],
      ]),
    ),
  });
});
