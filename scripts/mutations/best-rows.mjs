// Mutations of the quantizers that search for a row's best numbers: codebooks, the bound, and the model's logit.
export const bestRowMutations = [
  {
    file: 'src/posttraining/optimal-clusters.ts',
    tests: ['src/posttraining/optimal-clusters.test.ts'],
    changes: [
      ['not less the middle', 'sorted[i] - middle', 'sorted[i]'],
      ['cost: no mean', ' - (sum * sum) / (end - first)', ''],
      ['cost: not by the number', '(sum * sum) / (end - first)', 'sum * sum'],
      ['no layers before', 'before[first] + this.cost(first, end)', 'this.cost(first, end)'],
      ['the last cut is left out', 'first <= Math.min(end - 1, most)', 'first < Math.min(end - 1, most)'],
      ['the same layer', 'this.layers.reverse();', ''],
      ['cuts of the list before', 'cuts[end] = cut;', 'cuts[end] ||= cut;'],
    ],
  },
  {
    file: 'src/posttraining/codebook.ts',
    tests: ['src/posttraining/codebook.test.ts'],
    changes: [
      ['fp16 as fp32', "side === 'fp16' ? nearestHalf(Math.fround(value)) : Math.fround(value)", 'value'],
      ['not the one before', 'if (low > 0 && value - codebook[low - 1] <= codebook[low] - value) low--;', ''],
      ['not the first of equal ones', 'while (low > 0 && codebook[low - 1] === codebook[low]) low--;', ''],
    ],
  },
  {
    file: 'src/posttraining/centroids.ts',
    tests: ['src/posttraining/row-clusters.test.ts'],
    changes: [
      ['the last of equal ones', 'distance < least) {', 'distance <= least) {'],
      ['sums of the turn before', 'sums.fill(0);', ''],
      ['counts of the turn before', 'counts.fill(0);', ''],
      ['an empty one to nowhere', 'if (counts[centroid] === 0) continue;', ''],
    ],
  },
  {
    file: 'src/posttraining/kmeans-cls.ts',
    tests: ['src/posttraining/kmeans-cls.test.ts'],
    changes: [
      ['numbers of clusters cost nothing', '2 * sideBytes(side) - indexBytes', '2 * sideBytes(side)'],
      ['the cluster of the first row', 'clusters.nearest(values, from)', 'clusters.nearest(values, 0)'],
      ['no row is left out', 'Math.ceil(rows / strideOf[cluster])', 'Math.floor(rows / strideOf[cluster])'],
    ],
  },
  {
    file: 'src/posttraining/least-squares-grid.ts',
    tests: ['src/posttraining/least-squares-grid.test.ts'],
    changes: [
      ['one turn', 'const MOST_TURNS = 100', 'const MOST_TURNS = 1'],
      ['the bias is the mean', 'meanValue - fit.scale * meanCode', 'meanValue'],
      ['error: no product', 'valueSquares - fit.scale * products', 'valueSquares'],
    ],
  },
  {
    file: 'src/posttraining/optimal.ts',
    tests: ['src/posttraining/optimal.test.ts'],
    changes: [
      ['few starts', 'const STARTS = 64', 'const STARTS = 12'],
      ['few candidates', 'scales: 64, biases: 16', 'scales: 4, biases: 2'],
      [
        'others are not as they are',
        'keep(scales[row], biases[row], codes.subarray',
        '(() => {})(scales[row], biases[row], codes.subarray',
      ],
    ],
  },
  {
    file: 'src/posttraining/moment-metric.ts',
    tests: ['src/posttraining/moment-metric.test.ts', 'src/posttraining/logit.test.ts'],
    changes: [
      ['no ridge', 'this.moment[j * (dim + 1)] += ridge', 'this.moment[j * (dim + 1)] += 0'],
      [
        'error: the diagonal alone',
        'slope += moment[i * dim + j] * errors[j]',
        'slope += i === j ? moment[i * dim + j] * errors[j] : 0',
      ],
      ['no feedback', 'values[i] - carried / upper[i * (dim + 1)]', 'values[i]'],
      [
        'feedback: sign',
        'values[i] - carried / upper[i * (dim + 1)]',
        'values[i] + carried / upper[i * (dim + 1)]',
      ],
      [
        'descent: no slopes of others',
        'slopes[j] += moment[i * dim + j] * change',
        'slopes[i] += moment[i * dim + j] * change * (i === j ? 1 : 0)',
      ],
      ['refit: no bias in the codes', 'codesCodes - (codesOnes * codesOnes) / ones', 'codesCodes'],
      ['refit: no bias in the values', 'codesValues - (sum * codesOnes) / ones', 'codesValues'],
      ['bias: no codes', '(sum - scale * ofCodes) / ones', 'sum / ones'],
    ],
  },
  {
    file: 'src/posttraining/logit.ts',
    tests: ['src/posttraining/logit.test.ts'],
    changes: [
      ['the moment of another row', 'this.metricOf(first + row)', 'this.metricOf(row)'],
      ['one start', 'const STARTS = 8', 'const STARTS = 1'],
      ['any width', 'if (calibration.dim !== dim)', 'if (false)'],
    ],
  },
  {
    file: 'src/scoring/logit-gradients.ts',
    tests: ['test/logit-calibration.test.ts'],
    changes: [
      ['of a bag, not divided', 'dX[segment * dim + j] / divisor', 'dX[segment * dim + j]'],
      ['examples of a block', 'first + Math.floor(segment / fields)', 'Math.floor(segment / fields)'],
      [
        'the rows of another batch',
        'this.inputs.featuresOf(batch, 0, count).slice()',
        'new Uint32Array(count)',
      ],
    ],
  },
  {
    file: 'src/scoring/graph-inputs.ts',
    tests: ['test/evaluate-rich.test.ts', 'test/logit-calibration.test.ts', 'test/evaluate.test.ts'],
    changes: [
      ['numbers of the first micro-batch', 'firstRow * N, (firstRow + rows) * N', '0, rows * N'],
      ['no numbers', 'dense.set(batch.numbers', 'dense.slice(batch.numbers'],
      ['padding of the last micro-batch', 'dense.fill(0, rows * N);', ''],
      ['a mean as a sum', 'sum / length : sum', 'sum : sum'],
      ['the first of a bag', 'for (let k = 1; k < length; k++)', 'for (let k = 1; k < 1; k++)'],
      ['bags of the first micro-batch', 'offsets.subarray(first, first', 'offsets.subarray(0, first'],
    ],
  },
  {
    file: 'src/scoring/batch-slots.ts',
    tests: ['src/scoring/batch-slots.test.ts'],
    changes: [
      ['a batch goes on where the last one ended', 'Atomics.store(this.taken, slot, 0);', ''],
      ['one slot', '(slot + 1) % SLOTS', 'slot'],
    ],
  },
  {
    file: 'src/embedding/chunks.ts',
    tests: ['src/embedding/tiers.test.ts'],
    changes: [
      ['rows of another section', 'if (numbers[i] !== number) continue;', ''],
      ['positions of the first chunk', 'positions[at++] = from + i', 'positions[at++] = i'],
    ],
  },
  {
    file: 'src/scoring/logit-calibration.ts',
    tests: ['test/logit-calibration.test.ts'],
    changes: [
      ['no prior', 'const PRIOR_USES = 32', 'const PRIOR_USES = 0'],
      ['sums', 'uses > 0 ? sum / uses : 0', 'sum'],
      ['rows before the vocabulary', 'row - this.offsets[vocabulary]', 'row'],
    ],
  },
];
