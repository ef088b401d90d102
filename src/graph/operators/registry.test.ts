// Every operator: its gradient against central differences in float64, and onnxruntime against the float64
// interpreter. The map of cases is total, so an operator without a case does not compile.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differentiate } from '../differentiate.js';
import { Graph } from '../graph.js';
import { interpret } from '../interpret.js';
import type { Node, OperatorName } from '../node.js';
import { toOnnx } from '../onnx.js';
import { createSession } from '../session.js';
import { elementCount, type Shape, withBatch } from '../shape.js';
import { operators } from './registry.js';

interface Case {
  readonly inputs: readonly Shape[];
  readonly apply: (g: Graph, nodes: readonly Node[]) => Node;
  /** Draw positive numbers only. */
  readonly positive?: boolean;
  /** The input without a gradient, which has to be zero then. */
  readonly flat?: number;
}

const of = (inputs: readonly Shape[], apply: Case['apply'], positive = false): Case => ({
  inputs,
  apply,
  positive,
});

/** (B, 3) beside every shape that broadcasts to it, both ways round. */
const broadcasting = (apply: (g: Graph, a: Node, b: Node) => Node): Case[] =>
  (
    [
      [
        ['B', 3],
        ['B', 3],
      ],
      [['B', 3], [3]],
      [[3], ['B', 3]],
      [
        ['B', 3],
        ['B', 1],
      ],
      [
        ['B', 1],
        ['B', 3],
      ],
      [['B', 3], []],
      [[], ['B', 3]],
      [
        ['B', 2, 3],
        [2, 1],
      ],
      [
        ['B', 1],
        [1, 3],
      ],
    ] as const satisfies Shape[][]
  ).map((inputs) => of(inputs, (g, [a, b]) => apply(g, a, b), true));

const transposed = [false, true].flatMap((transposeA) =>
  [false, true].map((transposeB) => ({ transposeA, transposeB })),
);

const cases: { readonly [K in OperatorName]: readonly Case[] } = {
  add: broadcasting((g, a, b) => g.add(a, b)),
  subtract: broadcasting((g, a, b) => g.subtract(a, b)),
  multiply: [
    ...broadcasting((g, a, b) => g.multiply(a, b)),
    of([['B', 3]], (g, [x]) => g.multiply(x, -1.5)),
    of([['B', 3]], (g, [x]) => g.multiply(x, x)),
  ],
  divide: [...broadcasting((g, a, b) => g.divide(a, b)), of([['B', 3]], (g, [x]) => g.divide(1, x))],
  negate: [of([['B', 3]], (g, [x]) => g.negate(x))],
  relu: [of([['B', 3]], (g, [x]) => g.relu(x)), of([['B', 2, 3]], (g, [x]) => g.relu(x))],
  reluGradient: [
    of(
      [
        ['B', 3],
        ['B', 3],
      ],
      (g, [x, dOutput]) => g.reluGradient(g.relu(x), dOutput),
    ),
    of([['B', 3], []], (g, [x, dOutput]) => g.reluGradient(g.relu(x), dOutput)),
  ].map((one) => ({ ...one, flat: 0 })),
  sigmoid: [of([['B', 3]], (g, [x]) => g.sigmoid(x))],
  softplus: [of([['B', 3]], (g, [x]) => g.softplus(x))],
  square: [of([['B', 3]], (g, [x]) => g.square(x)), of([[2, 3]], (g, [x]) => g.square(x))],
  squareRoot: [of([['B', 3]], (g, [x]) => g.squareRoot(x), true)],
  binaryCrossEntropy: [
    of(
      [
        ['B', 1],
        ['B', 1],
      ],
      (g, [z, y]) => g.binaryCrossEntropy(z, y),
    ),
    of([['B'], ['B']], (g, [z, y]) => g.binaryCrossEntropy(z, y)),
  ],
  matmul: transposed.flatMap((flags) => [
    of([flags.transposeA ? [4, 2] : [2, 4], flags.transposeB ? [3, 4] : [4, 3]], (g, [a, b]) =>
      g.matmul(a, b, flags),
    ),
    flags.transposeA
      ? flags.transposeB
        ? of(
            [
              [4, 2],
              [3, 4],
            ],
            (g, [a, b]) => g.matmul(a, b, flags),
          )
        : of(
            [
              ['B', 2],
              ['B', 3],
            ],
            (g, [a, b]) => g.matmul(a, b, flags),
          )
      : of([['B', 4], flags.transposeB ? [3, 4] : [4, 3]], (g, [a, b]) => g.matmul(a, b, flags)),
  ]),
  linear: [
    of([['B', 4], [4, 3], [3]], (g, [x, w, b]) => g.linear(x, w, b)),
    of([['B', 4], [4, 1], [1]], (g, [x, w, b]) => g.linear(x, w, b)),
  ],
  pairwiseDots: [
    of([['B', 4, 3]], (g, [x]) => g.pairwiseDots(x)),
    of([['B', 2, 1]], (g, [x]) => g.pairwiseDots(x)),
  ],
  pairwiseDotsGradient: [
    of(
      [
        ['B', 4, 3],
        ['B', 6],
      ],
      (g, [x, dPairs]) => g.pairwiseDotsGradient(x, dPairs),
    ),
  ],
  sum: [
    of([['B', 3]], (g, [x]) => g.sum(x)),
    of([['B', 3]], (g, [x]) => g.sumBatch(x)),
    of([['B', 3]], (g, [x]) => g.sumColumns(x)),
    of([['B', 2, 3]], (g, [x]) => g.sum(x, [1])),
    of([['B', 2, 3]], (g, [x]) => g.sum(x, [0, 2], true)),
  ],
  broadcast: [
    of(
      [
        ['B', 1],
        ['B', 3],
      ],
      (g, [x, like]) => g.broadcast(x, like),
    ),
    of([[], ['B', 3]], (g, [x, like]) => g.broadcast(x, like)),
    of([[3], [2, 3]], (g, [x, like]) => g.broadcast(x, like)),
  ].map((one) => ({ ...one, flat: 1 })),
  reshape: [
    of([['B', 6]], (g, [x]) => g.reshape(x, ['B', 2, 3])),
    of([[2, 3]], (g, [x]) => g.reshape(x, [6])),
  ],
  slice: [
    of([['B', 6]], (g, [x]) => g.slice(x, 1, 4)),
    of([['B', 2, 3]], (g, [x]) => g.slice(x, 2, 3)),
    of([[2, 5]], (g, [x]) => g.slice(x, 0, 2)),
  ],
  pad: [of([['B', 2]], (g, [x]) => g.pad(x, 1, 2)), of([['B', 2, 2]], (g, [x]) => g.pad(x, 0, 1))],
  concat: [
    of(
      [
        ['B', 2],
        ['B', 1],
        ['B', 3],
      ],
      (g, nodes) => g.concat(nodes),
    ),
    of(
      [
        [2, 2],
        [2, 1],
      ],
      (g, nodes) => g.concat(nodes),
    ),
    of([['B', 2]], (g, [x]) => g.concat([x, x])),
  ],
};

/**
 * loss = Σ direction · output + Σ softplus(output), so that its gradient is a product with an arbitrary cotangent.
 * A product with a broadcast passes that by; the softplus does not.
 */
function build({ inputs, apply, flat }: Case) {
  const g = new Graph();
  const nodes = inputs.map((shape, i) => g.input(`input${i}`, shape));
  const output = apply(g, nodes);
  const direction = g.input('direction', output.shape);
  const loss = g.add(g.sum(g.multiply(output, direction)), g.sum(g.softplus(output)));
  const differentiable = nodes.filter((_, i) => i !== flat);
  const gradients = differentiate(g, loss, differentiable);
  const named: Record<string, Node> = { output, loss };
  differentiable.forEach((node, i) => {
    if ('name' in node) named[`d ${node.name}`] = gradients[i];
  });
  return { output, named };
}

/** Feeds of a batch of 1 to 5 rows, away from 0, where relu has no derivative. */
function feedsOf({ inputs, apply, positive }: Case) {
  const g = new Graph();
  const output = apply(
    g,
    inputs.map((shape, i) => g.input(`input${i}`, shape)),
  );
  const shapes = [...inputs, output.shape];
  const magnitude = fc.double({ min: 0.25, max: 2, noNaN: true });
  const sign = positive ? fc.constant(1) : fc.constantFrom(-1, 1);
  const number = fc.tuple(magnitude, sign).map(([value, factor]) => value * factor);
  return fc.integer({ min: 1, max: 5 }).chain((batch) =>
    fc
      .tuple(
        ...shapes.map((symbolic) => {
          const shape = withBatch(symbolic, batch);
          const length = elementCount(shape);
          return fc
            .array(number, { minLength: length, maxLength: length })
            .map((data) => ({ shape, data: Float64Array.from(data) }));
        }),
      )
      .map((tensors) =>
        Object.fromEntries(
          tensors.map((tensor, i) => [i < inputs.length ? `input${i}` : 'direction', tensor]),
        ),
      ),
  );
}

describe.each(Object.keys(operators) as OperatorName[])('%s', (operator) => {
  it.each(cases[operator])('is what its case $inputs is about', (one) => {
    const { output } = build(one);
    expect(output.kind === 'application' && output.operator).toBe(operator);
  });

  it.each(cases[operator])('gradient of $inputs agrees with central differences', (one) => {
    const { named } = build(one);
    const { loss } = named;
    fc.assert(
      fc.property(feedsOf(one), (feeds) => {
        const analytic = interpret(named, feeds);
        for (const [name, input] of Object.entries(feeds)) {
          if (name === 'direction') continue;
          const gradient = analytic[`d ${name}`]?.data ?? new Float64Array(input.data.length);
          for (let i = 0; i < input.data.length; i++) {
            const lossAt = (offset: number) => {
              const data = Float64Array.from(input.data);
              data[i] += offset;
              return interpret({ loss }, { ...feeds, [name]: { ...input, data } }).loss.data[0];
            };
            // Truncation of order h² = 1e-10 against cancellation of order 1e-16 / h = 1e-11.
            const h = 1e-5;
            const numeric = (lossAt(h) - lossAt(-h)) / (2 * h);
            expect(Math.abs(gradient[i] - numeric)).toBeLessThan(1e-6 * (1 + Math.abs(numeric)));
          }
        }
      }),
      { numRuns: 10 },
    );
  });

  it.each(cases[operator])('of $inputs agrees with onnxruntime', async (one) => {
    const { named } = build(one);
    const session = await createSession(toOnnx({ outputs: named }));
    await fc.assert(
      fc.asyncProperty(feedsOf(one), async (feeds) => {
        const rounded = Object.fromEntries(
          Object.entries(feeds)
            .filter(([name]) => session.inputNames.includes(name))
            .map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data) }]),
        );
        const expected = interpret(named, { ...feeds, ...rounded });
        const fetches = Object.fromEntries(
          Object.entries(expected).map(([name, { shape, data }]) => [
            name,
            { shape, data: new Float32Array(data.length).fill(Number.NaN) },
          ]),
        );
        await session.run(rounded, fetches);
        for (const [name, { data }] of Object.entries(fetches)) {
          data.forEach((value, i) => {
            const truth = expected[name].data[i];
            // Sums of at most 40 terms of at most 2⁴, each rounded to 2^−24 of its size.
            expect(Math.abs(value - truth)).toBeLessThan(1e-4 * (1 + Math.abs(truth)));
          });
        }
      }),
      { numRuns: 10 },
    );
    await session.release();
  });
});
