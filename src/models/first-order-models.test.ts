// Logistic regression, FM, Wide & Deep and DeepFM against their papers' equations in plain float64 loops: nothing of the
// graph, and of the pairs of an FM the sum over all of them that its short form replaces.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differentiate } from '../graph/differentiate.js';
import { interpret } from '../graph/interpret.js';
import { deepfm } from './deepfm.js';
import { fm } from './fm.js';
import { logisticRegression } from './logistic-regression.js';
import type { Mode, Model, ModelShape } from './model.js';
import { wideDeep } from './wide-deep.js';

const FIELDS = 3;
const ROWS = 7;
const HIDDEN = [5, 4];
const RATE = 0.25;

interface Tensor {
  shape: readonly number[];
  data: Float64Array;
}
type Tensors = Record<string, Tensor>;

/** What a row of the batch is to an equation. */
interface Row {
  /** (F, D) */
  embeddings: number[][];
  /** (F) */
  weights: number[];
  numbers: number[];
  /** The MLP on everything, without its output weights: (H). */
  hidden: number[];
}

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const linear = (weights: readonly number[], numbers: readonly number[], t: Tensors) =>
  t['linear.bias'].data[0] + total(weights) + dot(numbers, t['linear.numbers']?.data ?? []);
const pairs = (v: number[][]) => {
  let sum = 0;
  for (let i = 0; i < v.length; i++) for (let j = i + 1; j < v.length; j++) sum += dot(v[i], v[j]);
  return sum;
};
const deep = ({ hidden }: Row, t: Tensors) => dot(hidden, t['output.weight'].data);

const deepOptions = { hidden: HIDDEN, dropout: RATE, batchNorm: true };
const cases = {
  'logistic-regression': {
    dim: 1,
    hasMlp: false,
    build: (shape: ModelShape, mode: Mode) => logisticRegression.build(shape, { dim: 1 }, mode),
    logit: ({ embeddings, numbers }: Row, t: Tensors) => linear(embeddings.flat(), numbers, t),
  },
  fm: {
    dim: 4,
    hasMlp: false,
    build: (shape: ModelShape, mode: Mode) => fm.build(shape, {}, mode),
    logit: ({ embeddings, weights, numbers }: Row, t: Tensors) =>
      linear(weights, numbers, t) + pairs(embeddings),
  },
  'wide-deep': {
    dim: 4,
    hasMlp: true,
    build: (shape: ModelShape, mode: Mode) => wideDeep.build(shape, deepOptions, mode),
    logit: (row: Row, t: Tensors) => linear(row.weights, row.numbers, t) + deep(row, t),
  },
  deepfm: {
    dim: 4,
    hasMlp: true,
    build: (shape: ModelShape, mode: Mode) => deepfm.build(shape, deepOptions, mode),
    logit: (row: Row, t: Tensors) =>
      linear(row.weights, row.numbers, t) + pairs(row.embeddings) + deep(row, t),
  },
};
type Case = (typeof cases)[keyof typeof cases];

/** Numbers of a seed for everything the training graph reads; the last two rows only pad. */
function draw(model: Model, dim: number, seed: number): Tensors {
  let random = seed | 1;
  const uniform = () => {
    random = (Math.imul(random, 1664525) + 1013904223) | 0;
    return (random >>> 8) / 2 ** 24;
  };
  const signed = () => 2 * uniform() - 1;
  const tensor = (shape: readonly number[], value: (i: number) => number): Tensor => ({
    shape,
    data: Float64Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) =>
      value(i),
    ),
  });
  return {
    x: tensor([ROWS, FIELDS * dim], signed),
    ...(model.firstOrder && { firstOrder: tensor([ROWS, FIELDS], signed) }),
    ...(model.numbers > 0 && { numbers: tensor([ROWS, model.numbers], signed) }),
    labels: tensor([ROWS, 1], () => (uniform() < 0.5 ? 1 : 0)),
    weights: tensor([ROWS, 1], (row) => (row < ROWS - 2 ? 1 : 0)),
    scale: tensor([], () => 1 / 5),
    ...Object.fromEntries(model.parameters.map(({ name, shape }) => [name, tensor(shape, signed)])),
    ...Object.fromEntries(
      model.dropouts.map(({ name, width }) => [
        name,
        tensor([ROWS, width], () => (uniform() < RATE ? 0 : 1 / (1 - RATE))),
      ]),
    ),
  };
}

const rowOf = ({ data, shape }: Tensor, row: number) =>
  Array.from(data.subarray(row * shape[1], (row + 1) * shape[1]));

/** The rows of the batch, with the MLP of linear, batch normalization over real rows, ReLU and dropout, layer by layer. */
function rowsOf({ dim, hasMlp }: Case, t: Tensors): Row[] {
  const rows = Array.from({ length: ROWS }, (_, row) => {
    const x = rowOf(t.x, row);
    return {
      embeddings: Array.from({ length: FIELDS }, (_, f) => x.slice(f * dim, (f + 1) * dim)),
      weights: t.firstOrder ? rowOf(t.firstOrder, row) : [],
      numbers: t.numbers ? rowOf(t.numbers, row) : [],
    };
  });
  let h = rows.map(({ embeddings, numbers }) => [...embeddings.flat(), ...numbers]);
  for (const [layer, units] of (hasMlp ? HIDDEN : []).entries()) {
    const weight = t[`mlp.${layer}.weight`].data;
    h = h.map((input) =>
      Array.from(
        { length: units },
        (_, j) =>
          total(input.map((value, i) => value * weight[i * units + j])) + t[`mlp.${layer}.bias`].data[j],
      ),
    );
    const real = h.slice(0, ROWS - 2).map((values) => [...values]);
    h = h.map((values, row) =>
      values.map((value, j) => {
        const mean = total(real.map((values) => values[j])) / real.length;
        const variance = total(real.map((values) => (values[j] - mean) ** 2)) / real.length;
        const [gain, shift] = ['gain', 'shift'].map((name) => t[`mlp.${layer}.norm.${name}`].data[j]);
        const normal = ((value - mean) / Math.sqrt(variance + 1e-5)) * gain + shift;
        return Math.max(normal, 0) * t[`dropout.${layer}`].data[row * units + j];
      }),
    );
  }
  return rows.map((row, i) => ({ ...row, hidden: h[i] }));
}

const lossOf = (each: Case, t: Tensors) =>
  rowsOf(each, t)
    .slice(0, ROWS - 2)
    .map((row, i) => ({ z: each.logit(row, t), y: t.labels.data[i] }))
    .reduce((sum, { z, y }) => sum + Math.log1p(Math.exp(y ? -z : z)) / 5, 0);

describe.each(Object.entries(cases))('%s', (_, each) => {
  describe.each([0, 2])('with %d numbers', (numbers) => {
    const shape: ModelShape = { fields: FIELDS, dim: each.dim, numbers };

    it("gives the logits of the paper's equation, and their cross-entropy over the real rows", () => {
      const model = each.build(shape, 'training');
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          const t = draw(model, each.dim, seed);
          const { logits, loss } = interpret({ logits: model.logits, loss: model.loss }, t);
          const rows = rowsOf(each, t);
          // The rows that pad have logits too, which nobody reads.
          for (let row = 0; row < ROWS - 2; row++) {
            expect(logits.data[row]).toBeCloseTo(each.logit(rows[row], t), 9);
          }
          expect(loss.data[0]).toBeCloseTo(lossOf(each, t), 9);
        }),
        { numRuns: 20 },
      );
    });

    it('has the gradients of that equation, of first-order weights too', () => {
      const model = each.build(shape, 'training');
      const t = draw(model, each.dim, 11);
      const nodes = Object.fromEntries([
        ['x', model.x],
        ...(model.firstOrder ? [['firstOrder', model.firstOrder] as const] : []),
        ...model.parameters.map(({ name, node }) => [name, node] as const),
      ]);
      const gradients = differentiate(model.graph, model.loss, Object.values(nodes));
      const found = interpret(
        Object.fromEntries(Object.keys(nodes).map((name, i) => [name, gradients[i]])),
        t,
      );
      const h = 1e-5;
      for (const name of Object.keys(nodes)) {
        const { data } = t[name];
        for (let i = 0; i < data.length; i++) {
          const value = data[i];
          data[i] = value + h;
          const above = lossOf(each, t);
          data[i] = value - h;
          const below = lossOf(each, t);
          data[i] = value;
          // Central differences are exact to h² and to roundings of 1e-16 / h.
          expect(found[name].data[i], `${name} ${i}`).toBeCloseTo((above - below) / (2 * h), 6);
        }
      }
    });

    it('scores as it trains, where the running statistics are those of the batch and nothing is dropped', () => {
      const [training, scoring] = [each.build(shape, 'training'), each.build(shape, 'scoring')];
      const t = draw(training, each.dim, 5);
      for (const { name } of training.dropouts) t[name].data.fill(1);
      const statistics = interpret(
        Object.fromEntries(training.statistics.map(({ name, node }) => [name, node])),
        t,
      );
      expect(scoring.dropouts).toEqual([]);
      expect([
        ...interpret({ logits: scoring.logits }, { ...t, ...statistics }).logits.data.slice(0, ROWS - 2),
      ]).toEqual([...interpret({ logits: training.logits }, t).logits.data.slice(0, ROWS - 2)]);
    });
  });
});

it('logistic regression has no second table: its embeddings are the weights', () => {
  const shape = { fields: FIELDS, dim: 1 };
  expect(logisticRegression.build(shape, { dim: 1 }, 'training').firstOrder).toBeNull();
  expect(fm.build({ ...shape, dim: 2 }, {}, 'training').firstOrder?.shape).toEqual(['B', FIELDS]);
});

it('every part of the linear term begins at 0', () => {
  const { parameters } = fm.build({ fields: FIELDS, dim: 2, numbers: 3 }, {}, 'training');
  expect(parameters.map(({ name, shape, initial }) => ({ name, shape, initial }))).toEqual([
    { name: 'linear.bias', shape: [1], initial: { constant: 0 } },
    { name: 'linear.numbers', shape: [3, 1], initial: { constant: 0 } },
  ]);
});
