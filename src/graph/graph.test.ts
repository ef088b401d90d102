import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Graph } from './graph.js';
import { interpret } from './interpret.js';
import { broadcastShapes, type Dimension } from './shape.js';

describe('shapes', () => {
  const g = new Graph();
  const x = g.input('x', ['B', 384]);
  const cube = g.input('cube', ['B', 3, 2]);
  const weight = g.parameter('weight', [256, 200]);
  const bias = g.parameter('bias', [200]);

  it.each([
    [
      () => g.linear(x, weight, bias),
      'linear: (B, 384) times (256, 200) do not meet: 384 columns against 256 rows.',
    ],
    [
      () => g.linear(g.slice(x, 0, 256), weight, x),
      'linear: the bias is (B, 384) beside a weight of (256, 200)',
    ],
    [() => g.matmul(x, x), 'matmul: (B, 384) times (B, 384) do not meet: 384 columns against B rows.'],
    [() => g.matmul(x, x, { transposeB: true }), 'has the batch as its columns'],
    [() => g.matmul(cube, weight), 'the left matrix is (B, 3, 2) (allowed: two axes'],
    [() => g.add(x, bias), 'add: shapes (B, 384) and (200) do not meet: 384 against 200 at axis 1'],
    [
      () => g.multiply(g.input('flat', ['B']), x),
      'multiply: shapes (B) and (B, 384) do not meet: B against 384',
    ],
    [() => g.multiply(g.input('column', ['B']), g.sumColumns(x)), 'the batch has to be axis 0 of both'],
    [() => g.slice(x, 10, 400), 'slice: columns 10 to 400 of (B, 384) (allowed: 0 <= start < end <= 384).'],
    [() => g.reshape(x, ['B', 3, 100]), 'reshape: (B, 384) cannot become (B, 3, 100)'],
    [() => g.reshape(weight, ['B', 200]), 'reshape: (256, 200) cannot become (B, 200)'],
    [() => g.sum(x, [2]), 'sum: axes [2] of (B, 384) (allowed: different ones from 0 to 1).'],
    [() => g.concat([x, weight]), 'concat: (B, 384), (256, 200) do not stand side by side'],
    [() => g.concat([]), 'nothing to put side by side'],
    [() => g.pad(x, -1, 0), 'pad: -1 columns before and 0 after'],
    [() => g.pairwiseDots(x), 'pairwiseDots: x is (B, 384) (allowed: (B, F, D)'],
    [() => g.pairwiseDotsGradient(cube, x), 'dPairs is (B, 384) beside x of (B, 3, 2) (allowed: (B, 3))'],
    [() => g.binaryCrossEntropy(x, g.sumColumns(x)), 'logits are (B, 384) but labels (B, 1) (equal shapes).'],
    [() => g.broadcast(x, bias), 'broadcast: shapes (B, 384) and (200) do not meet'],
    [() => g.broadcast(x, g.slice(x, 0, 1)), 'broadcast: (B, 384) does not repeat to (B, 1).'],
    [() => g.input('bad', [2, 'B']), "input 'bad': shape (2, B) has B at axis 1"],
    [() => g.input('bad', ['B', 0]), "input 'bad': shape (B, 0) has 0 at axis 1"],
    [() => g.parameter('bad', ['B', 2]), "Parameter 'bad' has the batch in its shape."],
    [() => g.input('x', ['B', 1]), "The graph has input 'x' already."],
    [() => g.input('/x', ['B', 1]), "begins with '/'"],
    [() => g.constant(Number.NaN), 'A constant of shape () has 1 numbers, 0 of them finite'],
    [() => g.constant([1, 2, 3], [2, 2]), 'A constant of shape (2, 2) has 3 numbers, 3 of them finite'],
    [() => g.constant([1], ['B']), 'A constant of shape (B) has 1 numbers'],
    [() => new Graph().relu(x), 'relu: an input belongs to another graph.'],
  ])('%s is refused with a sentence', (build, message) => {
    expect(build).toThrow(message);
  });

  it('broadcast as in numpy, whichever dimensions of either side are 1', () => {
    const shape = fc
      .tuple(
        fc.constantFrom<Dimension[]>('B', 1, 2),
        fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
      )
      .map(([first, rest]): Dimension[] => [first, ...rest]);
    fc.assert(
      fc.property(shape, fc.infiniteStream(fc.constantFrom('left', 'right', 'both')), (full, choices) => {
        const sides = full.map(() => String(choices.next().value));
        const left = full.map((dimension, axis) => (sides[axis] === 'right' ? 1 : dimension));
        const right = full.map((dimension, axis) => (sides[axis] === 'left' ? 1 : dimension));
        expect(broadcastShapes('add', left, right)).toEqual(full);
        expect(broadcastShapes('add', right, left)).toEqual(full);

        const graph = new Graph();
        const [a, b] = [graph.input('a', left), graph.input('b', right)];
        // A sum over what was repeated undoes the repetition of ones.
        const back = graph.sumTo(graph.broadcast(a, graph.add(a, b)), left);
        expect(back.shape).toEqual(left);
      }),
    );
  });
});

describe('nodes', () => {
  it('are made once: equal applications are one node', () => {
    const g = new Graph();
    const x = g.input('x', ['B', 3]);
    expect(g.sigmoid(x)).toBe(g.sigmoid(x));
    expect(g.multiply(2, x)).toBe(g.multiply(g.constant(2), x));
    expect(g.slice(x, 0, 2)).not.toBe(g.slice(x, 0, 1));
    expect(g.constant(0)).not.toBe(g.constant(-0));
    expect(g.constant([1, 2], [2])).toBe(g.constant([1, 2], [2]));
    expect(g.constant([1, 2], [2])).not.toBe(g.constant([1, 2], [1, 2]));
  });

  it('that change nothing are not made', () => {
    const g = new Graph();
    const x = g.input('x', ['B', 3]);
    const same = [
      g.multiply(x, 1),
      g.multiply(1, x),
      g.add(0, x),
      g.add(x, 0),
      g.negate(g.negate(x)),
      g.reshape(x, ['B', 3]),
      g.slice(x, 0, 3),
      g.pad(x, 0, 0),
      g.concat([x]),
      g.broadcast(x, x),
      g.sumTo(x, ['B', 3]),
    ];
    for (const node of same) expect(node).toBe(x);
    expect(g.multiply(x, g.constant([1, 1, 1], [3]))).not.toBe(x);
    const column = g.sumColumns(x);
    expect(g.multiply(g.broadcast(column, x), x)).toBe(g.multiply(column, x));
  });
});

describe('interpret', () => {
  const g = new Graph();
  const x = g.input('x', ['B', 2]);
  const out = g.add(x, g.input('y', ['B', 1]));

  it('computes in float64', () => {
    const feeds = { x: { shape: [2, 2], data: [1, 2, 3, 4] }, y: { shape: [2, 1], data: [1e-12, 10] } };
    expect([...interpret({ out }, feeds).out.data]).toEqual([1 + 1e-12, 2 + 1e-12, 13, 14]);
  });

  it.each([
    [{ x: { shape: [2, 2], data: [1, 2, 3, 4] } }, "input 'y' is not fed."],
    [
      { x: { shape: [2, 2], data: [1, 2, 3, 4] }, y: { shape: [3, 1], data: [1, 2, 3] } },
      "'y' is fed 3 numbers of shape (3, 1) (allowed: (2, 1)).",
    ],
    [
      { x: { shape: [1, 2], data: [1, 2, 3] }, y: { shape: [1, 1], data: [1] } },
      "'x' is fed 3 numbers of shape (1, 2) (allowed: (1, 2)).",
    ],
  ])('refuses feeds that do not fit: %j', (feeds, message) => {
    expect(() => interpret({ out }, feeds)).toThrow(message);
  });
});
