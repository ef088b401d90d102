// What the graphs of every model must do. A model enters by being in the registry; which inputs it has beside X is
// read off its graph.

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { draw, type Feed, feedsOf, ROWS, type Tensors } from '../../test/model-feeds.js';
import { modelVariants } from '../../test/model-variants.js';
import { differentiate } from '../graph/differentiate.js';
import { interpret } from '../graph/interpret.js';
import type { Node } from '../graph/node.js';
import { toOnnx } from '../graph/onnx.js';
import { createSession } from '../graph/session.js';
import { inputNames, type Mode, type Model, type ModelShape, type ModelSpec } from './model.js';
import { models } from './registry.js';

const data: Record<string, ModelShape> = {
  plain: { fields: 3, dim: 2 },
  'with numbers, weights and sampled negatives': {
    fields: 3,
    dim: 2,
    numbers: 2,
    hasWeight: true,
    negativeSampling: 0.25,
  },
};

const cases = modelVariants.flatMap((variant) =>
  Object.entries(data).map(([dataTitle, shape]) => ({ ...variant, dataTitle, shape })),
);

/** What a micro-batch says of its rows. */
const aboutRows: string[] = [
  inputNames.labels,
  inputNames.weights,
  inputNames.scale,
  inputNames.real,
  inputNames.numbers,
];

describe.each(cases)('$title, $dataTitle', ({ name, options, shape }) => {
  const build = (mode: Mode): Model => {
    const parsed = models[name].options(z).parse(options);
    // A model may have a width of its own.
    return (models[name] as ModelSpec<unknown>).build(
      { ...shape, ...('dim' in parsed && { dim: Number(parsed.dim) }) },
      parsed,
      mode,
    );
  };
  const training = build('training');
  const scoring = build('scoring');

  it('has the gradients of central differences, by every parameter and everything looked up', () => {
    const by = lookedUp(training);
    expect(by.length).toBeGreaterThan(training.parameters.length);
    const gradients = differentiate(training.graph, training.loss, by);
    const named = Object.fromEntries(by.map((node, i) => [node.name, gradients[i]]));
    for (const seed of [1]) {
      const feeds = draw(training.loss, seed);
      const analytic = interpret(named, feeds);
      for (const { name } of by) {
        const { shape, data } = feeds[name];
        const lossAt = (i: number, offset: number) => {
          const moved = data.slice();
          moved[i] += offset;
          return interpret({ loss: training.loss }, { ...feeds, [name]: { shape, data: moved } }).loss
            .data[0];
        };
        for (let i = 0; i < data.length; i++) {
          // Truncation of order h² = 1e-10 against cancellation of order 1e-16 / h = 1e-11.
          const h = 1e-5;
          const numeric = (lossAt(i, h) - lossAt(i, -h)) / (2 * h);
          const error = Math.abs(analytic[name].data[i] - numeric);
          expect(error, `${name}[${i}], seed ${seed}`).toBeLessThan(1e-6 * (1 + Math.abs(numeric)));
        }
      }
    }
  });

  it('needs every parameter and everything looked up', () => {
    const by = lookedUp(training);
    const gradients = differentiate(training.graph, training.loss, by);
    const largest = new Map(by.map(({ name }) => [name, 0]));
    // Of a few draws, since a layer of few units may be dead in one.
    for (const seed of [11, 12, 13, 14, 15]) {
      const feeds = draw(training.loss, seed);
      for (const [i, { name }] of by.entries()) {
        const { data } = interpret({ gradient: gradients[i] }, feeds).gradient;
        largest.set(
          name,
          data.reduce((most, d) => Math.max(most, Math.abs(d)), largest.get(name) ?? 0),
        );
      }
    }
    // A bias before batch normalization is taken out again: its gradient is 0 but for roundings.
    const isNormalised = (name: string) => training.statistics.length > 0 && name.endsWith('.bias');
    const unused = [...largest].filter(([name, size]) => size < 1e-6 && !isNormalised(name));
    expect(unused).toEqual([]);
  });

  it('scores as it trains, where the running statistics are those of the batch and nothing is dropped', () => {
    const feeds = draw(training.loss, 4);
    for (const { name } of training.dropouts) feeds[name].data.fill(1);
    const statistics = interpret(
      Object.fromEntries(training.statistics.map(({ name, node }) => [name, node])),
      feeds,
    );
    const trained = interpret({ logits: training.logits }, feeds).logits;
    const scored = interpret({ logits: scoring.logits }, { ...feeds, ...statistics }).logits;
    const lost = Math.log(shape.negativeSampling ?? 1);
    expect(scored.shape).toEqual([ROWS, 1]);
    scored.data.forEach((logit, row) => {
      expect(logit).toBeCloseTo(trained.data[row] + lost, 12);
    });
    expect(new Set(scored.data).size).toBeGreaterThan(1);
    expect(scoring.dropouts).toEqual([]);
    expect(scoring.parameters.map(({ name }) => name)).toEqual(training.parameters.map(({ name }) => name));
  });

  it('does the same in onnxruntime: the loss with all gradients, and the logits of the scoring graph', async () => {
    const by = lookedUp(training);
    const gradients = differentiate(training.graph, training.loss, by);
    const outputs: Record<string, Node> = { loss: training.loss };
    for (const [i, { name }] of by.entries()) outputs[`gradient ${name}`] = gradients[i];
    await expectSame(outputs, draw(training.loss, 5), []);
    // With weights as initializers, as everything that scores has them.
    const feeds = draw(scoring.logits, 6);
    const weights = feedsOf(scoring.logits).filter(({ kind }) => kind === 'parameter');
    await expectSame(
      { logits: scoring.logits },
      feeds,
      weights.map(({ name }) => name),
    );
  });
});

/** Every parameter, X, and what else is looked up and learned: all inputs but those that tell of the rows. */
function lookedUp({ loss, dropouts }: Model): Feed[] {
  const masks = dropouts.map(({ name }) => name);
  return feedsOf(loss).filter(({ name }) => ![...aboutRows, ...masks].includes(name));
}

/** onnxruntime against the interpreter on the same fp32 numbers. */
async function expectSame(
  outputs: Record<string, Node>,
  feeds: Tensors,
  initialized: string[],
): Promise<void> {
  const rounded = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
  );
  const initializers = new Map(initialized.map((name) => [name, rounded[name].data]));
  const session = await createSession(toOnnx({ outputs, initializers }));
  const expected = interpret(outputs, rounded);
  const found = Object.fromEntries(
    Object.entries(expected).map(([name, { shape, data }]) => [
      name,
      { shape, data: new Float32Array(data.length).fill(Number.NaN) },
    ]),
  );
  const fed = session.inputNames.map((name) => [name, rounded[name]]);
  await session.run(Object.fromEntries(fed), found);
  await session.release();
  for (const [name, { data }] of Object.entries(expected)) {
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    data.forEach((truth, i) => {
      // Some hundred fp32 roundings of 2^−24, of numbers that may be as large as the tensor's largest.
      expect(Math.abs(found[name].data[i] - truth), `${name}[${i}]`).toBeLessThan(1e-5 * largest);
    });
  }
}
