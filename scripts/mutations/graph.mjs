// Mutations of the graph: each term and factor of each gradient rule. [what, from, to], `from` exactly once.
const rules = ['src/graph/operators/registry.test.ts'];

export const graphMutations = [
  {
    file: 'src/graph/operators/binary.ts',
    tests: rules,
    changes: [
      ['no sum over repeated axes', 'g.sumTo(full, node.inputs[index].shape)', 'full'],
      ['subtract: sign', '(g, _node, dOutput) => g.negate(dOutput)', '(_g, _node, dOutput) => dOutput'],
      ['multiply by a: no b', 'g.multiply(dOutput, b)', 'dOutput'],
      ['multiply by b: no a', 'g.multiply(dOutput, a)', 'dOutput'],
      ['divide by a: no 1/b', 'g.divide(dOutput, b)', 'dOutput'],
      [
        'divide by b: sign',
        'g.negate(g.divide(g.multiply(dOutput, node), node.inputs[1]))',
        'g.divide(g.multiply(dOutput, node), node.inputs[1])',
      ],
      ['divide by b: no quotient', 'g.multiply(dOutput, node)', 'dOutput'],
      [
        'divide by b: no 1/b',
        'g.divide(g.multiply(dOutput, node), node.inputs[1])',
        'g.multiply(dOutput, node)',
      ],
      [
        'relu gradient by dOutput: no mask',
        '{ inputs: [rectified] }, dOutput) => g.reluGradient(rectified, dOutput)',
        '_node, dOutput) => dOutput',
      ],
      ['cross-entropy by z: no −y', 'g.subtract(g.sigmoid(z), y)', 'g.sigmoid(z)'],
      ['cross-entropy by z: no σ(z)', 'g.subtract(g.sigmoid(z), y)', 'g.negate(y)'],
      [
        'cross-entropy by z: no dOutput',
        'g.multiply(dOutput, g.subtract(g.sigmoid(z), y))',
        'g.subtract(g.sigmoid(z), y)',
      ],
      ['cross-entropy by y: sign', 'g.multiply(dOutput, g.negate(z))', 'g.multiply(dOutput, z)'],
      ['cross-entropy by y: no dOutput', 'g.multiply(dOutput, g.negate(z))', 'g.negate(z)'],
    ],
  },
  {
    file: 'src/graph/operators/unary.ts',
    tests: rules,
    changes: [
      ['negate: sign', '(g, _, dOutput) => g.negate(dOutput)', '(_g, _, dOutput) => dOutput'],
      [
        'relu: no mask',
        '(g, node, dOutput) => g.reluGradient(node, dOutput)',
        '(_g, _node, dOutput) => dOutput',
      ],
      [
        'sigmoid: no dOutput',
        'g.multiply(dOutput, g.multiply(node, g.subtract(1, node)))',
        'g.multiply(node, g.subtract(1, node))',
      ],
      ['sigmoid: no s', 'g.multiply(node, g.subtract(1, node))', 'g.subtract(1, node)'],
      ['sigmoid: no 1 − s', 'g.multiply(node, g.subtract(1, node))', 'node'],
      ['softplus: no σ', 'g.multiply(dOutput, g.sigmoid(x))', 'dOutput'],
      ['softplus: no dOutput', 'g.multiply(dOutput, g.sigmoid(x))', 'g.sigmoid(x)'],
      ['square: no 2', 'g.multiply(2, x)', 'x'],
      ['square: no x', 'g.multiply(dOutput, g.multiply(2, x))', 'g.multiply(dOutput, 2)'],
      ['square: no dOutput', 'g.multiply(dOutput, g.multiply(2, x))', 'g.multiply(2, x)'],
      ['square root: no 2', 'g.multiply(2, node)', 'node'],
      ['square root: no root', 'g.divide(dOutput, g.multiply(2, node))', 'g.divide(dOutput, 2)'],
    ],
  },
  {
    file: 'src/graph/operators/products.ts',
    tests: rules,
    changes: [
      [
        'matmul by Aᵀ: B not transposed',
        '{ transposeA: transposeB, transposeB: true }',
        '{ transposeA: !transposeB, transposeB: true }',
      ],
      ['matmul by A: B transposed', '{ transposeB: !transposeB }', '{ transposeB }'],
      [
        'matmul by Bᵀ: A transposed',
        '{ transposeA: true, transposeB: transposeA }',
        '{ transposeA: true, transposeB: !transposeA }',
      ],
      ['matmul by B: A not transposed', '{ transposeA: !transposeA }', '{ transposeA }'],
      ['linear by the bias: of one row', 'g.sumTo(dOutput, bias.shape)', 'bias'],
    ],
  },
  {
    file: 'src/graph/operators/interactions.ts',
    tests: rules,
    changes: [
      [
        'gradient of pairs: no j by i',
        'out[(row * fields + i) * dim + d] += dPair * x.data[(row * fields + j) * dim + d];',
        '',
      ],
      [
        'gradient of pairs: no i by j',
        'out[(row * fields + j) * dim + d] += dPair * x.data[(row * fields + i) * dim + d];',
        '',
      ],
      [
        'second gradient: no −pairs(x)',
        'g.subtract(g.subtract(both, g.pairwiseDots(dOutput)), g.pairwiseDots(x))',
        'g.subtract(both, g.pairwiseDots(dOutput))',
      ],
      [
        'second gradient: no −pairs(G)',
        'g.subtract(g.subtract(both, g.pairwiseDots(dOutput)), g.pairwiseDots(x))',
        'g.subtract(both, g.pairwiseDots(x))',
      ],
      [
        'second gradient by x: x instead of G',
        'g.pairwiseDotsGradient(dOutput, dPairs)',
        'g.pairwiseDotsGradient(x, dPairs)',
      ],
    ],
  },
  {
    file: 'src/graph/operators/sums.ts',
    tests: rules,
    changes: [
      ['broadcast: no sum', 'g.sumTo(dOutput, x.shape)', 'g.reshape(g.slice(dOutput, 0, 1), x.shape)'],
    ],
  },
  {
    file: 'src/graph/operators/layout.ts',
    tests: rules,
    changes: [
      [
        'slice: at the wrong place',
        "g.pad(dOutput, start, columns('slice', x.shape) - end)",
        "g.pad(dOutput, columns('slice', x.shape) - end, start)",
      ],
      [
        'pad: at the wrong place',
        "g.slice(dOutput, before, before + columns('pad', x.shape))",
        "g.slice(dOutput, 0, columns('pad', x.shape))",
      ],
      [
        'concat: all from the first',
        'g.slice(dOutput, start, start + widths[index])',
        'g.slice(dOutput, 0, widths[index])',
      ],
    ],
  },
  {
    file: 'src/graph/differentiate.ts',
    tests: ['src/graph/differentiate.test.ts'],
    changes: [
      ['the first use of a node only', 'else known.push(part);', ''],
      ['uses of the whole beside its slices', '[...parts.filter((part) => !isPad(part)), tiled]', '[tiled]'],
    ],
  },
  {
    file: 'src/graph/batch-normalization.ts',
    tests: ['src/graph/batch-normalization.test.ts'],
    changes: [
      [
        'mean over padding too',
        'g.divide(g.matmul(weights, values, { transposeA: true }), total)',
        'g.divide(g.sumBatch(values), total)',
      ],
      [
        'no division by the number of rows',
        'g.divide(g.matmul(weights, values, { transposeA: true }), total)',
        'g.matmul(weights, values, { transposeA: true })',
      ],
      ['variance about 0', 'g.square(g.subtract(x, mean))', 'g.square(x)'],
      ['no ε', 'g.squareRoot(g.add(variance, epsilon))', 'g.squareRoot(variance)'],
      ['no gain', 'g.divide(gain, g.squareRoot', 'g.divide(1, g.squareRoot'],
      [
        'no shift',
        'g.add(g.multiply(g.subtract(x, mean), factor), shift)',
        'g.multiply(g.subtract(x, mean), factor)',
      ],
      ['no mean', 'g.multiply(g.subtract(x, mean), factor)', 'g.multiply(x, factor)'],
    ],
  },
];
