import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differentiate } from './differentiate.js';
import { Graph } from './graph.js';
import { interpret } from './interpret.js';
import { type Node, reachable } from './node.js';
import { onnxModel } from './onnx.js';
import { elementCount, withBatch } from './shape.js';

/** How often each operator is among the nodes that `outputs` need. */
function count(outputs: readonly Node[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const node of reachable(outputs)) {
    if (node.kind === 'application') counts[node.operator] = (counts[node.operator] ?? 0) + 1;
  }
  return counts;
}

/** Two layers and a skinny product on one input, as in DCN. */
function network() {
  const g = new Graph();
  const x = g.input('x', ['B', 4]);
  const weights = [g.parameter('w0', [4, 3]), g.parameter('w1', [3, 1])];
  const biases = [g.parameter('b0', [3]), g.parameter('b1', [1])];
  const skinny = g.parameter('skinny', [4, 2]);
  const deep = g.linear(g.relu(g.linear(x, weights[0], biases[0])), weights[1], biases[1]);
  const dots = g.matmul(x, skinny);
  const cross = g.multiply(g.add(1, g.slice(dots, 0, 1)), g.slice(dots, 1, 2));
  const logits = g.add(cross, deep);
  const loss = g.sum(g.binaryCrossEntropy(logits, g.input('labels', ['B', 1])));
  return { g, x, loss, logits, parameters: [...weights, ...biases, skinny] };
}

describe('what is computed', () => {
  it('all gradients cost two products for each forward product', () => {
    const { g, x, loss, parameters } = network();
    const forward = count([loss]);
    const all = count([loss, ...differentiate(g, loss, [...parameters, x])]);
    expect(forward).toMatchObject({ linear: 2, matmul: 1 });
    expect(all).toMatchObject({ linear: 2, matmul: 1 + 2 * 3 });
  });

  it('the gradient of x alone takes no product for a weight and no sum for a bias', () => {
    const { g, x, loss } = network();
    const [dX] = differentiate(g, loss, [x]);
    expect(count([loss, dX])).toMatchObject({ linear: 2, matmul: 1 + 3, sum: 1 });
    expect(count(g.nodes)).toMatchObject({ linear: 2, matmul: 1 + 3, sum: 1 });
  });

  it('the gradient of the last bias alone takes no product at all', () => {
    const { g, loss, parameters } = network();
    const [dBias] = differentiate(g, loss, [parameters[3]]);
    const [forward, both] = [count([loss]), count([loss, dBias])];
    expect(both).toMatchObject({ linear: forward.linear, matmul: forward.matmul });
  });

  it('what is asked for together is asked of each node once', () => {
    const { g, x, loss, parameters } = network();
    const together = differentiate(g, loss, [...parameters, x]);
    const before = g.nodes.length;
    expect(differentiate(g, loss, [x])[0]).toBe(together.at(-1));
    expect(g.nodes.length).toBe(before);
  });

  it('the ONNX model has only what its outputs need', () => {
    const { g, x, loss, logits } = network();
    const [dX] = differentiate(g, loss, [x]);
    const scoring = onnxModel({ outputs: { logits } });
    const training = onnxModel({ outputs: { loss, logits, dX } });
    expect(scoring.inputs.map(({ name }) => name)).not.toContain('labels');
    expect(scoring.nodes.filter(({ type }) => type === 'Gemm').length).toBe(3);
    expect(training.nodes.filter(({ type }) => type === 'Gemm').length).toBe(3 + 3);
  });
});

it('the gradient of a whole network agrees with central differences', () => {
  const { g, x, loss, parameters } = network();
  const of = [x, ...parameters];
  const gradients = differentiate(g, loss, of);
  // Without fast-check's love of 0, where a relu has its corner.
  const number = fc.noBias(fc.integer({ min: -1000, max: 1000 })).map((value) => (value + 0.5) / 1000);
  const tensors = fc.tuple(
    ...of.map(({ shape }) => {
      const length = elementCount(shape, 3);
      return fc.array(number, { minLength: length, maxLength: length });
    }),
  );
  fc.assert(
    fc.property(tensors, (data) => {
      const feeds = Object.fromEntries(
        of.map((node, i) => [
          'name' in node ? node.name : '',
          { shape: withBatch(node.shape, 3), data: data[i] },
        ]),
      );
      const all = { ...feeds, labels: { shape: [3, 1], data: [1, 0, 1] } };
      // Where a hidden unit is within reach of relu's corner there is no derivative to compare with.
      const hidden = interpret({ hidden: hiddenOf(loss) }, all).hidden.data;
      fc.pre(hidden.every((value) => Math.abs(value) > 1e-3));
      of.forEach((node, i) => {
        const name = 'name' in node ? node.name : '';
        const { gradient } = interpret({ gradient: gradients[i] }, all);
        data[i].forEach((value, element) => {
          const lossAt = (offset: number) => {
            const moved = { ...feeds[name], data: data[i].with(element, value + offset) };
            return interpret({ loss }, { ...all, [name]: moved }).loss.data[0];
          };
          const numeric = (lossAt(1e-5) - lossAt(-1e-5)) / 2e-5;
          expect(Math.abs(gradient.data[element] - numeric)).toBeLessThan(1e-7);
        });
      });
    }),
    { numRuns: 20 },
  );
});

/** The input of the only relu. */
function hiddenOf(loss: Node): Node {
  for (const node of reachable([loss])) {
    if (node.kind === 'application' && node.operator === 'relu') return node.inputs[0];
  }
  throw new Error('The network has no hidden layer.');
}

describe('slices', () => {
  it('that tile their tensor have one concatenation as their gradient', () => {
    const g = new Graph();
    const w = g.parameter('w', [2, 5]);
    const loss = g.add(
      g.sum(g.square(g.slice(w, 2, 5))),
      g.add(g.sum(g.slice(w, 0, 1)), g.sum(g.relu(g.slice(w, 1, 2)))),
    );
    const [dW] = differentiate(g, loss, [w]);
    expect(count([dW])).toMatchObject({ concat: 1 });
    expect(count([dW])).not.toHaveProperty('pad');
    const { gradient } = interpret(
      { gradient: dW },
      { w: { shape: [2, 5], data: [1, 2, 3, 4, 5, 6, -7, 8, 9, 10] } },
    );
    expect([...gradient.data]).toEqual([1, 1, 6, 8, 10, 1, 0, 16, 18, 20]);
  });

  it('that tile it beside a use of the whole are added to that', () => {
    const g = new Graph();
    const w = g.parameter('w', [4]);
    const loss = g.add(g.sum(g.slice(w, 0, 2)), g.add(g.sum(g.square(w)), g.sum(g.square(g.slice(w, 2, 4)))));
    const [dW] = differentiate(g, loss, [w]);
    const { gradient } = interpret({ gradient: dW }, { w: { shape: [4], data: [1, 2, 3, 4] } });
    expect([...gradient.data]).toEqual([3, 5, 12, 16]);
    expect(count([dW])).not.toHaveProperty('pad');
  });

  it.each([
    [
      [0, 2],
      [1, 4],
    ],
    [
      [0, 1],
      [2, 4],
    ],
    [
      [1, 4],
      [1, 4],
    ],
    [
      [0, 2],
      [1, 3],
    ],
  ])('of %j and %j overlap or leave gaps, and are padded', (one, other) => {
    const g = new Graph();
    const w = g.parameter('w', [4]);
    const loss = g.add(g.sum(g.slice(w, one[0], one[1])), g.sum(g.square(g.slice(w, other[0], other[1]))));
    const [dW] = differentiate(g, loss, [w]);
    const { gradient } = interpret({ gradient: dW }, { w: { shape: [4], data: [1, 2, 3, 4] } });
    const expected = [0, 1, 2, 3].map(
      (i) => Number(i >= one[0] && i < one[1]) + (i >= other[0] && i < other[1] ? 2 * (i + 1) : 0),
    );
    expect([...gradient.data]).toEqual(expected);
  });
});

describe('a loss', () => {
  it('has to be a scalar', () => {
    const g = new Graph();
    const x = g.input('x', ['B', 2]);
    expect(() => differentiate(g, x, [x])).toThrow(
      'The loss has shape (B, 2) (allowed: (), a scalar; sum it).',
    );
  });

  it('has to depend on what it is differentiated by', () => {
    const g = new Graph();
    const x = g.input('x', ['B', 2]);
    const unused = g.parameter('unused', [2]);
    expect(() => differentiate(g, g.sum(x), [x, unused])).toThrow(
      "The loss does not depend on parameter 'unused', so it has no gradient.",
    );
  });

  it('may be differentiated by a node in the middle', () => {
    const g = new Graph();
    const x = g.input('x', ['B', 2]);
    const middle = g.square(x);
    const [d] = differentiate(g, g.sum(g.square(middle)), [middle]);
    const { gradient } = interpret({ gradient: d }, { x: { shape: [1, 2], data: [2, 3] } });
    expect([...gradient.data]).toEqual([8, 18]);
  });
});
