import fc from 'fast-check';
import { expect, it } from 'vitest';
import { batchNormalization, normalize } from './batch-normalization.js';
import { differentiate } from './differentiate.js';
import { Graph } from './graph.js';
import { interpret } from './interpret.js';
import { toOnnx } from './onnx.js';
import { createSession } from './session.js';

const WIDTH = 3;

/** loss = Σ w_i (direction · normalized)_i, with everything a training step asks for. */
function network() {
  const g = new Graph();
  const x = g.input('x', ['B', WIDTH]);
  const weights = g.input('weights', ['B', 1]);
  const gain = g.parameter('gain', [WIDTH]);
  const shift = g.parameter('shift', [WIDTH]);
  const { output, mean, variance } = batchNormalization(g, x, weights, { gain, shift });
  const loss = g.sum(g.multiply(weights, g.multiply(g.input('direction', ['B', WIDTH]), output)));
  const [dX, dGain, dShift] = differentiate(g, loss, [x, gain, shift]);
  return { outputs: { loss, output, mean, variance, dX, dGain, dShift } };
}

const rows = (count: number) =>
  fc.array(fc.double({ min: -3, max: 3, noNaN: true }), {
    minLength: count * WIDTH,
    maxLength: count * WIDTH,
  });

const feedsOf = (x: number[], direction: number[], weights: number[]) => ({
  x: { shape: [weights.length, WIDTH], data: x },
  direction: { shape: [weights.length, WIDTH], data: direction },
  weights: { shape: [weights.length, 1], data: weights },
  gain: { shape: [WIDTH], data: [1, 0.5, -2] },
  shift: { shape: [WIDTH], data: [0, 1, 2] },
});

it('is as if padding rows were not there, and gives them no gradient', () => {
  const { outputs } = network();
  const cases = fc
    .tuple(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 4 }))
    .chain(([real, padding]) => fc.tuple(rows(real), rows(real), rows(padding), rows(padding)));
  fc.assert(
    fc.property(cases, ([x, direction, paddingX, paddingDirection]) => {
      const weights = new Array<number>(x.length / WIDTH).fill(1);
      const padding = new Array<number>(paddingX.length / WIDTH).fill(0);
      const alone = interpret(outputs, feedsOf(x, direction, weights));
      const padded = interpret(
        outputs,
        feedsOf([...x, ...paddingX], [...direction, ...paddingDirection], [...weights, ...padding]),
      );
      for (const name of ['loss', 'mean', 'variance', 'dGain', 'dShift'] as const) {
        expect([...padded[name].data]).toEqual([...alone[name].data]);
      }
      // Adding zero gradients of the statistics leaves a row's last bits alone.
      expect([...padded.dX.data.subarray(0, x.length)]).toEqual([...alone.dX.data]);
      expect(padded.dX.data.subarray(x.length).every((value) => value === 0)).toBe(true);
      expect([...padded.output.data.subarray(0, x.length)]).toEqual([...alone.output.data]);
    }),
    { numRuns: 50 },
  );
});

it('gives columns of mean 0 and variance 1 before gain and shift, and the gradient by x sums to 0', () => {
  const { outputs } = network();
  const x = [1, 5, -2, 2, 7, 0, 4, 5.5, 1];
  const { output, mean, variance, dX } = interpret(
    outputs,
    feedsOf(x, [1, 2, 3, -1, 0, 1, 2, 2, 5], [1, 1, 1]),
  );
  // statistics.fmean and statistics.pvariance of Python over the columns
  [7 / 3, 35 / 6, -1 / 3].forEach((value, column) => {
    expect(mean.data[column]).toBeCloseTo(value, 12);
  });
  [14 / 9, 13 / 18, 14 / 9].forEach((value, column) => {
    expect(variance.data[column]).toBeCloseTo(value, 12);
  });
  for (let column = 0; column < WIDTH; column++) {
    const [gain, shift] = [[1, 0.5, -2][column], [0, 1, 2][column]];
    const values = [0, 1, 2].map((row) => (output.data[row * WIDTH + column] - shift) / gain);
    expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 12);
    expect(values.reduce((sum, value) => sum + value * value, 0) / 3).toBeCloseTo(1, 4);
    expect([0, 1, 2].reduce((sum, row) => sum + dX.data[row * WIDTH + column], 0)).toBeCloseTo(0, 12);
  }
});

it('has the gradient that central differences give', () => {
  const { outputs } = network();
  fc.assert(
    fc.property(rows(4), rows(4), (noise, direction) => {
      // Far enough apart that no column is constant, where 1 / √variance is anything but smooth.
      const x = noise.map((value, i) => value / 3 + 4 * Math.floor(i / WIDTH));
      const weights = [1, 1, 1, 0];
      const { dX } = interpret(outputs, feedsOf(x, direction, weights));
      x.forEach((_, i) => {
        const lossAt = (offset: number) =>
          interpret({ loss: outputs.loss }, feedsOf(x.with(i, x[i] + offset), direction, weights)).loss
            .data[0];
        const numeric = (lossAt(1e-5) - lossAt(-1e-5)) / 2e-5;
        expect(Math.abs(dX.data[i] - numeric)).toBeLessThan(1e-6 * (1 + Math.abs(numeric)));
      });
    }),
    { numRuns: 20 },
  );
});

it('agrees with onnxruntime, and with scoring when the statistics are the same', async () => {
  const { outputs } = network();
  const feeds = feedsOf(
    [1, 5, -2, 2, 7, 0, 4, 5.5, 1, 9, 9, 9],
    [1, 2, 3, -1, 0, 1, 2, 2, 5, 7, 7, 7],
    [1, 1, 1, 0],
  );
  const expected = interpret(outputs, feeds);
  const session = await createSession(toOnnx({ outputs }));
  const views = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
  );
  const fetches = Object.fromEntries(
    Object.entries(expected).map(([name, { shape, data }]) => [
      name,
      { shape, data: new Float32Array(data.length) },
    ]),
  );
  await session.run(views, fetches);
  await session.release();
  for (const [name, { data }] of Object.entries(expected)) {
    data.forEach((value, i) => {
      // A dozen roundings to 2^−24, with one subtraction of equals on the way (x − mean).
      expect(Math.abs(fetches[name].data[i] - value)).toBeLessThan(1e-5 * (1 + Math.abs(value)));
    });
  }

  const g = new Graph();
  const scored = normalize(g, g.input('x', ['B', WIDTH]), {
    mean: g.parameter('mean', [WIDTH]),
    variance: g.parameter('variance', [WIDTH]),
    gain: g.parameter('gain', [WIDTH]),
    shift: g.parameter('shift', [WIDTH]),
  });
  const statistics = { ...feeds, mean: expected.mean, variance: expected.variance };
  expect([...interpret({ scored }, statistics).scored.data]).toEqual([...expected.output.data]);
});
