// Mutations of post-training quantizers. [what, from, to], `from` exactly once.
const goldens = ['src/posttraining/goldens.test.ts'];
const ranges = ['src/posttraining/ranges.test.ts'];
const conformance = ['src/posttraining/conformance.test.ts'];

export const posttrainingMutations = [
  {
    file: 'src/posttraining/min-max.ts',
    tests: ['src/posttraining/min-max.test.ts', ...goldens],
    changes: [
      ['no 1e-8 at 8 bits', 'f(width + EPSILON)', 'width'],
      ['1e-8 at every width', "bits !== 8 || side !== 'fp32'", 'bits > 16'],
      ['1e-8 at 16 bits too', 'bits !== 8 ||', 'bits < 8 ||'],
    ],
  },
  {
    file: 'src/posttraining/affine-row.ts',
    tests: ['src/posttraining/min-max.test.ts', ...goldens, ...ranges, ...conformance],
    changes: [
      ['the greatest of two', 'values[j] > most', 'values[j] < most'],
      ['of two zeros the last', 'values[j] < least', 'values[j] <= least'],
      ['a bias that fp16 has not', "side === 'fp16' ? nearestHalf(least) : least", 'least'],
      ['a scale that fp16 has not', "side === 'fp16' ? nearestHalf(exact) : exact", 'exact'],
      ['the range of before the bias was rounded', 'f(most - bias)', 'f(most - least)'],
      [
        'divided, not multiplied',
        'f(f(value - grid.bias) * grid.inverse)',
        'f(f(value - grid.bias) / grid.scale)',
      ],
      ['a constant row without a scale', 'isUsable ? scale : 1', 'scale'],
      ['a scale that has no reciprocal', 'scale !== 0 && Number.isFinite(inverse)', 'scale !== 0'],
      ['codes beyond the highest', '0, highest)', '0, 255)'],
      ['a loss of hardly any digits', 'sum < LEAST_SUM ? 0 : f(Math.sqrt(sum))', 'f(Math.sqrt(sum))'],
      ['a loss summed in float64', 'f(sum + f(lost * lost))', 'sum + lost * lost'],
      ['a loss that is not stored', 'f(codeOf(values[at], grid, highest) * scale)', '(values[at] - bias)'],
    ],
  },
  {
    file: 'src/posttraining/greedy-walk.ts',
    tests: [...goldens, ...ranges],
    changes: [
      ['199 bins', 'BINS = 200', 'BINS = 199'],
      ['to the limit itself', 'f(least + this.#threshold) < most', 'f(least + this.#threshold) <= most'],
      ['forever', 'this.nextLeast !== least : this.nextMost !== most', 'true : true'],
      [
        'the lower end when equal',
        'if (this.lossAbove < this.lossBelow)',
        'if (this.lossAbove <= this.lossBelow)',
      ],
    ],
  },
  {
    file: 'src/posttraining/greedy-torch.ts',
    tests: goldens,
    changes: [
      ['better than the way up only', 'loss < lossAbove && loss < lossBelow &&', 'loss < lossAbove &&'],
      ['better than the way down only', 'loss < lossAbove && loss < lossBelow &&', 'loss < lossBelow &&'],
      ['not better than all before', ' && loss < best', ''],
      ['as good as the best', 'loss < best', 'loss <= best'],
    ],
  },
  {
    file: 'src/posttraining/greedy-paper.ts',
    tests: ranges,
    changes: [
      ['the lower end never', 'walk.lossAbove < best', 'false'],
      ['the upper end never', 'walk.lossBelow < best', 'false'],
      ['both ends together', 'range.least = walk.nextLeast', 'Object.assign(range, walk.range)'],
    ],
  },
  {
    file: 'src/posttraining/greedy.ts',
    tests: [...ranges, ...conformance],
    changes: [
      ["the paper's limit", 'BINS / 10', 'BINS * 0.84'],
      ['ends at the first rise', 'LOST = 1.25', 'LOST = 1'],
      ['the last, not the best', 'walk.loss < best', 'true'],
    ],
  },
  {
    file: 'src/posttraining/gss.ts',
    tests: [...ranges, ...conformance],
    changes: [
      ['without the greatest magnitude', 'lossAt(values, from, greatest);', ''],
      ['the last, not the best', 'if (lost < bestLoss)', 'if (true)'],
      ['a search that looks at one side', 'innerLoss < outerLoss', 'true'],
    ],
  },
  {
    file: 'src/posttraining/aciq.ts',
    tests: ranges,
    changes: [
      ['no Laplace', 'meanDeviation ** 2 * laplace.error < variance * gauss.error', 'false'],
      ['no Gauss', 'meanDeviation ** 2 * laplace.error < variance * gauss.error', 'true'],
      ['beyond the least value', 'Math.max(least, Math.fround(mean - clip))', 'Math.fround(mean - clip)'],
      ['never the whole range', 'clip >= (most - least) / 2', 'false'],
    ],
  },
  {
    file: 'src/posttraining/histogram.ts',
    tests: ranges,
    changes: [
      ['no square within a bin', '+ halfSquare * counts[at]', ''],
      ['no half of a bin below', '+ count / 2', ''],
      ['no third of a bin', '+ 1 / 3', ''],
      ['the middle of the window', 'width - cellWidth / 2', 'width / 2'],
      ['no edges', '- 2 * cellWidth * losses[start]', ''],
    ],
  },
  {
    file: 'src/posttraining/hist-brute.ts',
    tests: ranges,
    changes: [['not the whole', 'width <= BINS', 'width < BINS / 2']],
  },
  {
    file: 'src/posttraining/hist-approx.ts',
    tests: ranges,
    changes: [['on and on', 'if (loss[0] > least) break;', '']],
  },
];
