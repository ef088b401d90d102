// Mutations of the arithmetic of rows: its specification in src/quantization and src/kernels, and the WebAssembly
// kernels. [what, from, to], `from` exactly once.
const kernels = ['src/kernels/kernels.test.ts'];
const arithmetic = ['src/quantization/code-update.test.ts'];

export const kernelMutations = [
  {
    file: 'src/quantization/rounding.ts',
    tests: ['src/quantization/rounding.test.ts'],
    changes: [
      ['half up: ties down', 'Math.fround(x - floor) >= 0.5', 'Math.fround(x - floor) > 0.5'],
      ['half to even: ties up', 'floor % 2 === 0 ? floor : floor + 1', 'floor + 1'],
      ['half to even: no rounding up', 'rest > 0.5 ? 1 : 0', '0'],
      ['stochastic: never up', 'u < Math.fround(x - floor) ? 1 : 0', '0'],
      ['stochastic: by whole x', 'u < Math.fround(x - floor)', 'u < Math.fround(x)'],
      ['stochastic: whole numbers at u = 0', 'u < Math.fround(x - floor)', 'u <= Math.fround(x - floor)'],
    ],
  },
  {
    file: 'src/quantization/code-update.ts',
    tests: arithmetic,
    changes: [
      ['offset: no code·(step − newStep)', 'Math.fround(change + Math.fround(code * moved))', 'change'],
      ['offset: sign of the move of the grid', 'Math.fround(step - newStep)', 'Math.fround(newStep - step)'],
      ['offset: no change', 'Math.fround(change + Math.fround(code * moved))', 'Math.fround(code * moved)'],
      ['offset: by the old step', 'whole / newStep', 'whole / step'],
      [
        'offset: lower limit',
        'limit(Math.fround(whole / newStep), lowest - code, highest - code)',
        'limit(Math.fround(whole / newStep), lowest, highest - code)',
      ],
      [
        'offset: upper limit',
        'limit(Math.fround(whole / newStep), lowest - code, highest - code)',
        'limit(Math.fround(whole / newStep), lowest - code, highest)',
      ],
      ['forward: no code', 'code + roundHalfUp(codeOffset', 'roundHalfUp(codeOffset'],
      [
        'forward: not rounded',
        'roundHalfUp(codeOffset(code, change, step, step, grid))',
        'codeOffset(code, change, step, step, grid)',
      ],
      ['eq. 7: no lower limit', 'if (offset <= lowest - code) return lowest;', ''],
      ['eq. 7: below the limit only', 'offset <= lowest - code', 'offset < lowest - code'],
      ['eq. 7: no upper limit', 'if (offset >= highest - code) return highest;', ''],
      ['eq. 7: above the limit only', 'offset >= highest - code', 'offset > highest - code'],
      ['eq. 7: no R_D(v)', 'roundHalfUp(offset) - offset', '-offset'],
      ['eq. 7: no −v', 'Math.fround(roundHalfUp(offset) - offset)', 'roundHalfUp(offset)'],
    ],
  },
  {
    file: 'src/quantization/grid.ts',
    tests: arithmetic,
    changes: [
      ['as many codes above 0 as below', 'highest: half - 1', 'highest: half'],
      ['first step: no √q', '(2 * meanMagnitude) / Math.sqrt(grid(bits).highest)', '2 * meanMagnitude'],
      ['first step: no 2', '(2 * meanMagnitude) /', 'meanMagnitude /'],
      ['first step: no E|w|', 'deviation * Math.sqrt(2 / Math.PI)', 'deviation'],
      ['clip: steps half as many', 'clip / 2 ** (bits - 1)', 'clip / 2 ** bits'],
    ],
  },
  {
    file: 'src/quantization/half.ts',
    tests: ['src/quantization/half.test.ts'],
    changes: [
      ['subnormal numbers as normal ones', 'if (magnitude < 0x400)', 'if (magnitude < 0)'],
      ['infinity as a number', 'magnitude < 0x7c00 ? 112 : 224', '112'],
      ['read without the sign', 'half & 0x8000 ? -1 : 1', '1'],
      ['written without the sign', '(word[0] >>> 16) & 0x8000', '0'],
      ['subnormal units as small as the number', 'Math.max(float[0], SMALLEST_NORMAL)', 'float[0]'],
      ['not limited', 'limit(value, lowest, HALF_HIGHEST)', 'value'],
      ['zero without a sign', '? -0 : half', '? 0 : half'],
      ['steps of zero', 'roundToHalf(step, round, HALF_LEAST)', 'roundToHalf(step, round)'],
    ],
  },
  {
    file: 'src/quantization/row-grid.ts',
    tests: ['src/quantization/row-grid.test.ts'],
    changes: [
      [
        'half of a step: below',
        'storedStep(step, stepBytes, Math.ceil)',
        'storedStep(step, stepBytes, Math.floor)',
      ],
      ['half of a step: nearest', 'storedStep(step, stepBytes, Math.ceil)', 'storedStep(step, stepBytes)'],
      ['half of a bias: above', 'roundToHalf(low, Math.floor)', 'roundToHalf(low, Math.ceil)'],
      ['extent from the least value', 'Math.fround(high - bias)', 'Math.fround(high - low)'],
    ],
  },
  {
    file: 'src/kernels/reference-rows.ts',
    tests: ['src/kernels/kernels.test.ts'],
    changes: [
      [
        'codes with the step as given',
        'asStored(floats(newSteps + 4 * i, 1)[0])',
        'floats(newSteps + 4 * i, 1)[0]',
      ],
      [
        'steps in four bytes',
        'if (stepBytes() === 2) view.setUint16(at, toHalf(step), true);\n    else ',
        '',
      ],
    ],
  },
  {
    file: 'src/kernels/reference-rows.ts',
    tests: kernels,
    changes: [
      [
        'order of lanes',
        'Math.fround(lanes[0] + lanes[1]) + Math.fround(lanes[2] + lanes[3])',
        'Math.fround(lanes[0] + lanes[2]) + Math.fround(lanes[1] + lanes[3])',
      ],
      [
        'one lane',
        'lanes[j & 3] = Math.fround(lanes[j & 3] + terms[j])',
        'lanes[0] = Math.fround(lanes[0] + terms[j])',
      ],
      [
        'initial codes unlimited',
        'limit(Math.fround(Math.fround(value - bias) / step), lowest, highest)',
        'Math.fround(Math.fround(value - bias) / step)',
      ],
      ['step gradient: no scale', 'laneSum(terms) * Math.fround(scale)', 'laneSum(terms)'],
      ['erased: zero changes too', 'if (moves[j] === 0) continue;', ''],
      [
        'erased: by the old step',
        'offsetsOf(row, moves, newGridOf(row, newSteps, newBiases, i))',
        'offsetsOf(row, moves, rowOf(row))',
      ],
      ['step gradient: no upstream', 'upstream[j] * stepDerivative', 'stepDerivative'],
      ['new step not stored', 'if (hasRowStep()) storeStep(at, step);', ''],
      ['new bias not stored', "if (range() === 'affine') storeStep(at + stepBytes(), bias);", ''],
      ['the bias stays where it was', 'Math.fround(moves[j] + Math.fround(bias - to.bias))', 'moves[j]'],
      ['affine codes from 0', 'codeOffset(code - origin(), change', 'codeOffset(code, change'],
      ['unchanged rows fitted', 'chosen && isMoved ?', 'chosen ?'],
    ],
  },
  {
    file: 'src/kernels/reference-optimizers.ts',
    tests: kernels,
    changes: [
      [
        'Adam: no weight decay',
        'const g = fround(upstream[j] + fround(fround(weightDecay) * w[j]));',
        'const g = upstream[j];',
      ],
      ['Adam: 1 − β2 for β1', 'fround(rest1 * g)', 'fround(rest2 * g)'],
      ['Adam: no first moment', 'fround(b1 * view.getFloat32(first + 4 * j, true))', '0'],
      ['Adam: no second moment', 'fround(b2 * view.getFloat32(second + 4 * j, true))', '0'],
      ['Adam: no correction', 'fround(v / fround(correction))', 'v'],
      [
        'Adagrad: no mean over D',
        'fround(laneSum(g.map((x) => fround(x * x))) / dim)',
        'laneSum(g.map((x) => fround(x * x)))',
      ],
      ['Adagrad: sum not kept', 'view.setFloat32(state, sum, true);', ''],
      ['Adagrad: no weight decay', 'fround(u + fround(fround(weightDecay) * w[j]))', 'u'],
    ],
  },
  {
    file: 'src/kernels/reference-batch.ts',
    tests: kernels,
    changes: [
      ['tree from the other end', 'p += 2 * width', 'p += width'],
      ['first occurrence only', 'k < start[i + 1]', 'k < start[i] + 1'],
      ['bags: first element only', 'k < offset[s + 1]', 'k < offset[s] + 1'],
      ['bags: not divided', 'row[j] /= divisor', 'row[j] /= 1'],
      ['pairs: a sum for the product', '(a, b) => a * b', '(a, b) => a + b'],
      ['pairs: the row itself for the other', 'a === value ? b : a', 'a === value ? a : b'],
      ['pairs: not the first term', 'sum[j] + term', 'sum[j]'],
    ],
  },
  {
    file: 'src/kernels/reference-random.ts',
    tests: kernels,
    changes: [
      [
        'uniforms without the training step',
        'trainingStep, table, id, streamWord(stream',
        '0, table, id, streamWord(stream',
      ],
      ['row instead of id', 'id: row - offsets[vocabulary]', 'id: row'],
      ['every row the same mask', 'firstBatchRow + r,', 'firstBatchRow,'],
      ['no row begins around 1', 'out[j] += 1', 'out[j] += 0'],
    ],
  },
  {
    file: 'wasm/write.ts',
    tests: kernels,
    changes: [
      ['no code·(step − newStep)', 'v128.mul<f32>(position, v128.splat<f32>(moved)),', 'v128.splat<f32>(0),'],
      [
        'the same beyond the vectors',
        '(load<f32>(change) + lifted + (code - origin) * moved) / newStep',
        '(load<f32>(change) + lifted) / newStep',
      ],
      [
        'by the old step',
        'v128.div<f32>(whole, v128.splat<f32>(newStep))',
        'v128.div<f32>(whole, v128.splat<f32>(rowStep))',
      ],
      [
        'unlimited offset',
        'const limited = max<f32>(lowest - code, min<f32>(highest - code, offset));',
        'const limited = offset;',
      ],
      [
        'deterministic ties down',
        ': v128.ge<f32>(rest, v128.splat<f32>(0.5))',
        ': v128.gt<f32>(rest, v128.splat<f32>(0.5))',
      ],
      ['the same beyond the vectors (ties)', 'rest >= 0.5', 'rest > 0.5'],
      ['new grid not stored', 'storeGrid(at, newStep, newBias);', ''],
      ['the bias stays where it was', 'const lifted = rowBias - newBias;', 'const lifted: f32 = 0;'],
      ['unchanged rows fitted', 'if (isMoved) fitGrid(workNoise);', 'fitGrid(workNoise);'],
      [
        'fitted without the change',
        'v128.add<f32>(v128.load(workNoise + (j << 2)), moves)',
        'v128.load(workNoise + (j << 2))',
      ],
      [
        'eq. 7: no lower limit',
        'derivative = v128.bitselect(v128.splat<f32>(lowest), derivative, isLow);',
        '',
      ],
      [
        'eq. 7: above the limit only',
        'v128.ge<f32>(offset, v128.sub<f32>(v128.splat<f32>(highest), code))',
        'v128.gt<f32>(offset, v128.sub<f32>(v128.splat<f32>(highest), code))',
      ],
      ['eq. 7: no scale', 'total * scale', 'total'],
      ['order of lanes', 'lane0 + lane1 + (lane2 + v128', '(lane0 + lane1 + lane2) + (v128'],
      ['forward: no code', 'v128.add<f32>(code, roundHalfUp4(limited))', 'roundHalfUp4(limited)'],
      [
        'values: set, not added to',
        'v128.add<f32>(v128.load(values + (j << 2)), v128.load(change))',
        'v128.load(change)',
      ],
    ],
  },
  {
    file: 'wasm/read.ts',
    tests: kernels,
    changes: [
      [
        'ties of four down',
        'v128.ge<f32>(v128.sub<f32>(x, floor), v128.splat<f32>(0.5))',
        'v128.gt<f32>(v128.sub<f32>(x, floor), v128.splat<f32>(0.5))',
      ],
      ['ties down', 'x - floor >= 0.5', 'x - floor > 0.5'],
      ['initial codes unlimited', 'roundHalfUp4(limited)));', 'roundHalfUp4(scaled)));'],
      ['no bias', 'v128.add<f32>(scaled, v128.splat<f32>(bias))', 'scaled'],
      [
        'the first grid of all rows',
        'if (!rowRange || isWritten(row)) bindGrid(row);',
        'if (true) bindGrid(row);',
      ],
      ['rows stay unwritten', 'markWritten(row);', ''],
      ['first grid not stored', 'storeGrid(record(row), rowStep, rowBias);', ''],
    ],
  },
  {
    file: 'wasm/row-grid.ts',
    tests: kernels,
    changes: [
      ["the table's step for every row", 'stepOffset != <u32>-1 && isWritten(row) ?', 'false ?'],
      ['no bias stored', 'if (rowRange == 2) store<f32>(at + stepOffset, bias, 4);', ''],
      ['least of the vectors only', 'low = min<f32>(low, load<f32>(values));', ''],
      ['largest of the vectors only', 'high = max<f32>(high, load<f32>(values));', ''],
      [
        'symmetric: no |min|',
        'max<f32>(abs<f32>(low), abs<f32>(high)) / highest',
        'abs<f32>(high) / highest',
      ],
      ['affine: one code fewer', '(high - low) / (highest - lowest)', '(high - low) / highest'],
      ['a step of zero', 'if (step >= LEAST_STEP) rowStep = step;', 'rowStep = step;'],
    ],
  },
  {
    file: 'wasm/statistics.ts',
    tests: kernels,
    changes: [
      ['erased: zero changes too', 'isChange && roundHalfUp(limited) == 0', 'roundHalfUp(limited) == 0'],
      ['erased: the bias stays', '(load<f32>(change) + lifted + (code', '(load<f32>(change) + (code'],
    ],
  },
  {
    file: 'src/quantization/row-grid.ts',
    tests: ['src/quantization/row-grid.test.ts'],
    changes: [
      ['symmetric: no |min|', 'Math.max(Math.abs(low), Math.abs(high))', 'Math.abs(high)'],
      ['affine: one code fewer', ': highest - lowest)', ': highest)'],
      ['a step too small', 'step >= LEAST_STEP ? step : present.step', 'step'],
      ['affine: no bias', "bias: range === 'symmetric' ? 0 : low", 'bias: 0'],
    ],
  },
  {
    file: 'src/quantization/master-value.ts',
    tests: ['src/quantization/master-value.test.ts'],
    changes: [
      ['not limited', 'limit(Math.fround(value / step), lowest, highest)', 'Math.fround(value / step)'],
      ['slope: below the limit only', 'if (v <= lowest)', 'if (v < lowest)'],
      ['slope: above the limit only', 'if (v >= highest)', 'if (v > highest)'],
      ['slope: no R_D(v)', 'Math.fround(roundHalfUp(v) - v)', '-v'],
      ['slope: no −v', 'Math.fround(roundHalfUp(v) - v)', 'roundHalfUp(v)'],
      ['slope: inside for all', 'slope.inside * ', ''],
      [
        'slope of the step: ends of the clip',
        'atLowest: lowest, atHighest: highest',
        'atLowest: -1, atHighest: 1',
      ],
      ['slope of the clip: none below', 'atLowest: -1', 'atLowest: 0'],
      ['slope of the clip: none above', 'atHighest: 1, inside: 0', 'atHighest: 0, inside: 0'],
      ['gradient: not at the lower end', 'v >= lowest &&', 'v > lowest &&'],
      ['gradient: not at the upper end', '&& v <= highest', '&& v < highest'],
    ],
  },
  {
    file: 'wasm/grid.ts',
    tests: kernels,
    changes: [
      [
        'not limited',
        'v128.store(values, v128.mul<f32>(v128.splat<f32>(step), roundHalfUp4(limited)))',
        'v128.store(values, v128.mul<f32>(v128.splat<f32>(step), roundHalfUp4(v)))',
      ],
      ['slope: below the limit only', 'v128.le<f32>(v, low)', 'v128.lt<f32>(v, low)'],
      ['slope: above the limit only', 'slope, v128.ge<f32>(v, high)', 'slope, v128.gt<f32>(v, high)'],
      [
        'slope: inside for all',
        'v128.and(v128.sub<f32>(roundHalfUp4(v), v), isInside)',
        'v128.sub<f32>(roundHalfUp4(v), v)',
      ],
      ['slope: lower end in the rest', 'if (v <= lowest) slope = atLowest;', ''],
      ['gradient: not masked', 'v128.store(gradient, v128.and(upstream, passes));', ''],
      ['gradient: not masked in the rest', 'if (v < lowest || v > highest) store<f32>(gradient, 0);', ''],
      ['no scale', 'total * scale', 'total'],
      ['order of lanes', 'lane0 + lane1 + (lane2 +', 'lane0 + (lane1 + lane2 +'],
    ],
  },
  {
    file: 'wasm/optimizers.ts',
    tests: kernels,
    changes: [
      ['Adam: no decay', 'v128.add<f32>(v128.load(gradient), decay)', 'v128.load(gradient)'],
      [
        'Adam: no old moment',
        'v128.mul<f32>(v128.splat<f32>(beta1), v128.load(first))',
        'v128.splat<f32>(0)',
      ],
      [
        'Adam: no 1 − β2',
        'v128.mul<f32>(v128.splat<f32>(rest2), v128.mul<f32>(g, g))',
        'v128.mul<f32>(g, g)',
      ],
      [
        'Adam: no correction',
        'v128.sqrt<f32>(v128.div<f32>(v, v128.splat<f32>(correction)))',
        'v128.sqrt<f32>(v)',
      ],
      ['Adam: no ε', 'Mathf.sqrt(v / correction) + epsilon', 'Mathf.sqrt(v / correction)'],
      [
        'Adagrad: no mean over D',
        '(lane0 + lane1 + (lane2 + lane3)) / <f32>dim',
        '(lane0 + lane1 + (lane2 + lane3))',
      ],
      ['Adagrad: order of lanes', 'lane0 + lane1 + (lane2 + lane3)', 'lane0 + lane1 + lane2 + lane3'],
      [
        'Adagrad: no decay',
        'load<f32>(gradient + (j << 2)) + weightDecay * load<f32>(values + (j << 2))',
        'load<f32>(gradient + (j << 2))',
      ],
    ],
  },
  {
    file: 'wasm/batch.ts',
    tests: kernels,
    changes: [
      [
        'tree becomes a sum from the left',
        'for (let width: u32 = 1; width < parts; width <<= 1) {\n      for (let p: u32 = 0; p + width < parts; p += width << 1) {',
        'for (let width: u32 = 1; width < parts; width++) {\n      for (let p: u32 = 0; p < 1; p++) {',
      ],
      ['a lone right child is lost', 'else store<u32>(work + (p << 2), right);', ''],
      [
        'the first occurrence only',
        'for (let k = from + 1; k < to; k++)',
        'for (let k = from + 1; k < from; k++)',
      ],
      ['bags: first element only', 'for (k++; k < end; k++)', 'for (k++; k < 0; k++)'],
      ['bags: floats beyond the vectors not divided', 'load<f32>(values) / divisor', 'load<f32>(values)'],
      ['bags: vectors not divided', 'const lanes = f32x4.splat(divisor)', 'const lanes = f32x4.splat(1)'],
      [
        'floats beyond the vectors not added',
        'for (; j < count; j++, to += 4, from += 4) store',
        'for (; j < 0; j++, to += 4, from += 4) store',
      ],
    ],
  },
  {
    file: 'wasm/pairs.ts',
    tests: kernels,
    changes: [
      ['product: a sum beyond the vectors', 'load<f32>(a) * load<f32>(b));', 'load<f32>(a) + load<f32>(b));'],
      ['sum: a product beyond the vectors', 'load<f32>(a) + load<f32>(b));', 'load<f32>(a) * load<f32>(b));'],
      ['gradient: the row itself for the other', 'pair + 4 : pair;', 'pair : pair + 4;'],
      [
        'gradient: the last term only',
        'rowOf(values, other, dim), dim, true)',
        'rowOf(values, other, dim), dim, false)',
      ],
      ['gradient: floats beyond the vectors not added', 'load<f32>(to) + term : term', 'term : term'],
      ['gradient: from the first row on', 'starts += first << 2', 'starts += 0'],
    ],
  },
  {
    file: 'wasm/random.ts',
    tests: kernels,
    changes: [
      ['nine rounds', 'round < 10', 'round < 9'],
      [
        'uniforms without the training step',
        'philox4(at, seedLow, seedHigh, step, table',
        'philox4(at, seedLow, seedHigh, 0, table',
      ],
      ['no ½', 'v128.add<f32>(v128.convert<i32>(k), v128.splat<f32>(0.5))', 'v128.convert<i32>(k)'],
      ['deviates not centred', 'v128.splat<i32>(131070)', 'v128.splat<i32>(131071)'],
      ['masks: kept ones not scaled', 'v128.splat<f32>(scale),', 'v128.splat<f32>(1),'],
      ['masks: every row the same', 'firstBatchRow + r,', 'firstBatchRow,'],
      ['no row begins around 1', 'row >= onesFrom ? 1 : -0.0', '-0.0'],
    ],
  },
  {
    file: 'src/random/uniform.ts',
    tests: ['test/training-golden.test.ts', 'src/models/dense.test.ts'],
    changes: [
      ['deviation of the sum', 'Math.sqrt((65536 ** 2 - 1) / 3)', 'Math.sqrt((65536 ** 2 - 1) / 12)'],
    ],
  },
];
