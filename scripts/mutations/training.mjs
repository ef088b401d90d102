// Mutations of what a training step is: methods, optimizers, model, network and dense update. [what, from, to],
// `from` exactly once.
const goldens = ['src/training/goldens.test.ts'];
const bags = ['src/training/bags.test.ts'];
const hashing = ['src/training/hashing.test.ts'];
/** With `only: 'schedule'`: the rest of it takes long. */
const conformance = ['src/training/conformance.test.ts'];
const tiers = ['src/training/tiers.test.ts'];

export const trainingMutations = [
  {
    file: 'src/embedding/table.ts',
    tests: tiers,
    changes: [
      ['hot rows: g of the others', 'scaleOf(section.bits)', 'scaleOf(this.spec.storage.bits as 4)'],
      ['hot rows: state of the others', 'records + layout[state]', 'records + this.spec.layout[state]'],
    ],
  },
  {
    file: 'src/embedding/shard.ts',
    tests: tiers,
    changes: [
      ['hot rows: one header', 'writeHeader(memory, fields, header)', 'writeHeader(memory, fields, 0)'],
    ],
  },
  {
    file: 'src/embedding/alpt.ts',
    tests: tiers,
    changes: [
      [
        'hot rows: first step of the others',
        'options.firstStep * (usual / firstStep(deviation, settings.bits))',
        'options.firstStep',
      ],
    ],
  },
  {
    file: 'src/embedding/alpt.ts',
    tests: conformance,
    only: 'schedule',
    changes: [['rows: no schedule', 'learningRate: learningRate * rateFactor', 'learningRate']],
  },
  {
    file: 'src/embedding/step-rule.ts',
    tests: conformance,
    only: 'schedule',
    changes: [['steps: no schedule', 'learningRate: learningRate * rateFactor', 'learningRate']],
  },
  {
    file: 'src/embedding/step-rule.ts',
    tests: ['src/embedding/step-rule.test.ts'],
    changes: [
      ['no floor', 'Math.max(floor, moved)', 'moved'],
      [
        'log: no factor of the step',
        '(dSteps[i] + weightDecay * steps[i]) * steps[i]',
        'dSteps[i] + weightDecay * steps[i]',
      ],
      ['log: no decay', '(dSteps[i] + weightDecay * steps[i]) * steps[i]', 'dSteps[i] * steps[i]'],
      ['log: the change added', 'steps[i] * Math.exp(newSteps[i])', 'steps[i] + newSteps[i]'],
      ['log: decay twice', 'weightDecay: isLog ? 0 : weightDecay', 'weightDecay'],
      ['not rounded', 'table.roundSteps(rows, newSteps, trainingStep, rounding);', ''],
      ['one random number for all steps', 'newSteps, trainingStep, rounding)', 'newSteps, 1, rounding)'],
      [
        'a floor that is no half',
        'storedStep(options.stepFloor, settings.stepBytes, Math.ceil)',
        'options.stepFloor',
      ],
    ],
  },
  {
    file: 'src/embedding/alpt.ts',
    tests: ['src/training/alpt.test.ts'],
    changes: [
      ['g: no b', 'Math.sqrt(b * d * q)', 'Math.sqrt(d * q)'],
      ['g: no q', 'Math.sqrt(b * d * q)', 'Math.sqrt(b * d)'],
      ['g without b: no q', '1 / Math.sqrt(d * q)', '1 / Math.sqrt(d)'],
    ],
  },
  {
    file: 'src/embedding/step-rule.ts',
    tests: goldens,
    only: 'alpt',
    changes: [
      ['step decay: none', 'options.stepWeightDecay ?? settings.weightDecay', '0'],
      ['step set to its change', 'steps[i] + newSteps[i]', 'newSteps[i]'],
      ['ε of the rows for the steps', '(stepEpsilon, stepState)', '(1e-8, stepState)'],
    ],
  },
  {
    file: 'src/embedding/alpt.ts',
    tests: goldens,
    only: 'alpt',
    changes: [
      ['g: no d', 'Math.sqrt(b * d * q)', 'Math.sqrt(b * q)'],
      ['no g', 'gradient, g, dSteps', 'gradient, () => 1, dSteps'],
      [
        'rows: no decay',
        'learningRate: learningRate * rateFactor, weightDecay',
        'learningRate: learningRate * rateFactor, weightDecay: 0',
      ],
      ['second pass at the old values', 'table.forward(rows, change, values);', ''],
      ['dense parameters updated twice', 'updatesDense: false', 'updatesDense: true'],
      [
        'codes rounded to the old step',
        'table.writeCodes(rows, change, newSteps, trainingStep, rounding)',
        'table.writeCodes(rows, change, steps, trainingStep, rounding)',
      ],
      ['dense parameters not updated', 'updatesDense: true', 'updatesDense: false'],
    ],
  },
  {
    file: 'src/embedding/lsq.ts',
    tests: goldens,
    only: 'lsq',
    changes: [
      ['dense parameters not updated', 'updatesDense: true', 'updatesDense: false'],
      [
        'no decay of rows',
        'learningRate * rateFactor, weightDecay };',
        'learningRate * rateFactor, weightDecay: 0 };',
      ],
      ['no decay of the step', 'weightDecay: options.stepWeightDecay', 'weightDecay: 0'],
      [
        'optimizer sees what the network sees',
        'rows, change, gradient, change)',
        'rows, block.values, gradient, change)',
      ],
      ['step of the table: no g', 'g * sumOf(dSteps)', 'sumOf(dSteps)'],
      ['steps of rows: no g', 'scaleOf(dim, batchRows, dim, limits.highest) : 1', '1 : 1'],
    ],
  },
  {
    file: 'src/embedding/pact.ts',
    tests: goldens,
    only: 'pact',
    changes: [
      ['no decay of the clip', 'options.clipDecay ?? weightDecay', '0'],
      ['the step learned', 'unit: limits.highest', 'unit: 1'],
    ],
  },
  {
    file: 'src/embedding/grid-view.ts',
    tests: goldens,
    only: 'lsq',
    changes: [
      ['seen as stored', '    viewOnGrid(view, table, rows, values);', ''],
      ['w not kept', 'values.set(change);', 'values.set(change); change.fill(0);'],
    ],
  },
  {
    file: 'src/embedding/learned-step.ts',
    tests: goldens,
    only: 'pact',
    changes: [
      [
        'table: the step for the clip',
        'float(values)[0] = unit * parameters[0]',
        'float(values)[0] = parameters[0]',
      ],
      ['table: state not kept', 'parameters.set(state, 1);', ''],
      ['table: state not read', 'state.set(parameters.subarray(1));', ''],
      ['table: change of the clip for the step', 'float(change)[0] / unit', 'float(change)[0]'],
      ['rows: the step for the clip', 'steps[i] *= unit;', ''],
      ['rows: change of the clip for the step', 'newSteps[i] / unit', 'newSteps[i]'],
    ],
  },
  {
    file: 'src/embedding/learned-step.ts',
    tests: ['src/training/learned-grid.test.ts'],
    changes: [
      ['table: no floor', 'Math.max(stepFloor, parameters[0] + Math.fround', '(parameters[0] + Math.fround'],
      ['rows: no floor', 'Math.max(stepFloor, steps[i] + Math.fround', '(steps[i] + Math.fround'],
    ],
  },
  {
    file: 'src/embedding/lpt.ts',
    tests: goldens,
    only: 'lpt',
    changes: [
      ['dense parameters not updated', 'updatesDense: true', 'updatesDense: false'],
      ['no decay', '* rateFactor, weightDecay };', '* rateFactor, weightDecay: 0 };'],
      ['values not read', 'table.read(rows, values);', ''],
      ['codes not written', 'table.writeCodes(rows, change, null, trainingStep, rounding);', ''],
    ],
  },
  {
    file: 'src/embedding/lpt.ts',
    tests: conformance,
    only: 'schedule',
    changes: [['no schedule', 'learningRate * rateFactor', 'learningRate']],
  },
  {
    file: 'src/embedding/full.ts',
    tests: goldens,
    only: 'full',
    changes: [
      ['dense parameters not updated', 'updatesDense: true', 'updatesDense: false'],
      ['no decay', '* rateFactor, weightDecay };', '* rateFactor, weightDecay: 0 };'],
      ['values not written', 'table.writeValues(rows, change);', ''],
    ],
  },
  {
    file: 'src/embedding/full.ts',
    tests: conformance,
    only: 'schedule',
    changes: [['no schedule', 'learningRate * rateFactor', 'learningRate']],
  },
  {
    file: 'src/embedding/hashing.ts',
    tests: hashing,
    changes: [['a row for each value', ', lookups: settings.options', '']],
  },
  {
    file: 'src/embedding/pairs.ts',
    tests: [...hashing, 'src/embedding/pairs.test.ts'],
    changes: [
      ['remainders around 0', 'onesFrom: quotients', 'onesFrom: quotients + 1e6'],
      ['a sum of too large a deviation', 'deviation * Math.SQRT1_2', 'deviation'],
      ['one quotient too few', 'Math.ceil(features / ratio)', 'Math.floor(features / ratio)'],
    ],
  },
  {
    file: 'src/training/pair-exchange.ts',
    tests: hashing,
    changes: [
      ['sum for product', "shape.pairs.combine === 'product'", "shape.pairs.combine === 'sum'"],
      [
        'gradient of a sum for that of a product',
        "shape.pairs.combine === 'sum'",
        'shape.pairs.combine !== null',
      ],
    ],
  },
  {
    file: 'src/training/diagnose.ts',
    tests: hashing,
    changes: [['the looked-up row for the stored one', 'if (pairs) yield*', 'if (!pairs) yield*']],
  },
  {
    file: 'src/training/step.ts',
    tests: ['src/training/step.test.ts'],
    changes: [
      [
        "dense rate: the rows'",
        'config.dense.learningRate ?? config.optimizer.learningRate',
        'config.optimizer.learningRate',
      ],
      ['dense: no decay', 'weightDecay: config.dense.weightDecay', 'weightDecay: 0'],
    ],
  },
  {
    file: 'src/training/step.ts',
    tests: conformance,
    only: 'schedule',
    changes: [
      ['dense: no schedule', 'config.optimizer.learningRate) * rateFactor', 'config.optimizer.learningRate)'],
    ],
  },
  {
    file: 'src/optimizers/schedule.ts',
    tests: ['src/optimizers/schedule.test.ts'],
    changes: [
      ['drops before the epoch', 'epoch > after', 'epoch >= after'],
      ['no factor', 'drops.factor **', '1 **'],
    ],
  },
  {
    file: 'src/optimizers/correction.ts',
    tests: ['src/embedding/row-optimizers.test.ts'],
    changes: [
      ['first correction: none', 'first: 1 - beta1 ** trainingStep', 'first: 1'],
      ['first correction: of one step', 'first: 1 - beta1 ** trainingStep', 'first: 1 - beta1'],
      ['second correction: of one step', 'second: 1 - beta2 ** trainingStep', 'second: 1 - beta2'],
    ],
  },
  {
    file: 'src/models/dcn.ts',
    tests: ['src/models/dcn.test.ts'],
    changes: [
      ['α: no 1 at first', 'g.add(dot(0), 1)', 'dot(0)'],
      ['α: no 1 +', 'g.multiply(alpha, g.add(dot(l), 1))', 'g.multiply(alpha, dot(l))'],
      [
        'α: no β·w',
        'g.add(g.multiply(alpha, g.add(dot(l), 1)), betaDot(l))',
        'g.multiply(alpha, g.add(dot(l), 1))',
      ],
      [
        'logit: no β·w_out',
        'g.add(g.multiply(alpha, dot(crossLayers)), betaDot(crossLayers))',
        'g.multiply(alpha, dot(crossLayers))',
      ],
      ['β with its own layer', 'k < l ? 1 : 0', 'k <= l ? 1 : 0'],
      ['β with all layers', 'k < l ? 1 : 0', '1'],
      [
        'no bias of the first layer',
        'g.add(g.slice(products, 0, hidden[0]), mlpBiases[0])',
        'g.slice(products, 0, hidden[0])',
      ],
      ['no relu', 'm.dropout(g.relu(h), dropout)', 'm.dropout(h, dropout)'],
      ['no dropout', 'm.dropout(g.relu(h), dropout)', 'g.relu(h)'],
      ['no batch normalization', 'if (batchNorm) h =', 'if (batchNorm) '],
      [
        'no output bias',
        'm.finish(g.add(g.add(crossLogit, g.matmul(h, outputMlp)), outputBias))',
        'm.finish(g.add(crossLogit, g.matmul(h, outputMlp)))',
      ],
      ['Xavier of w_l as of one matrix', '[width, crossLayers], 1)', '[width, crossLayers])'],
      ['deviation of the output', 'Math.sqrt(2 / (width + lastHidden + 1))', 'Math.sqrt(2 / (width + 1))'],
    ],
  },
  {
    file: 'src/models/model.ts',
    tests: ['src/models/dcn.test.ts'],
    changes: [
      ['Xavier: no fan out', 'Math.sqrt(2 / (fanIn + fanOut))', 'Math.sqrt(2 / fanIn)'],
      [
        'padding rows in the loss',
        'g.multiply(g.binaryCrossEntropy(logits, labels), this.rowWeights)',
        'g.binaryCrossEntropy(logits, labels)',
      ],
      ['dropout when scoring', "rate === 0 || this.mode === 'scoring'", 'rate === 0'],
      ['no scale', 'g.multiply(g.sum(losses), scale)', 'g.sum(losses)'],
      ["variance in the mean's place", 'width, node: mean ', 'width, node: variance '],
    ],
  },
  {
    file: 'src/models/dense.ts',
    tests: ['src/models/dense.test.ts'],
    changes: [
      ['one noise for all parameters', 'tableWord(DENSE_TABLE, index)', 'tableWord(DENSE_TABLE, 0)'],
      ['one block for a whole parameter', 'j >> 1,', '0,'],
      ['both numbers of a block the same', 'const first = (j & 1) * 2;', 'const first = (j & 1) * 0;'],
      ['not aligned', 'Math.ceil((end + length) / ALIGNMENT) * ALIGNMENT', 'end + length'],
      ['part of a block', 'Math.ceil(end / DENSE_BLOCK) * DENSE_BLOCK', 'end'],
      ['constants stay 0', 'values.fill(initial.constant);', ''],
    ],
  },
  {
    file: 'src/training/dense-network.ts',
    tests: ['src/training/dense-network.test.ts'],
    changes: [
      ['scale by the micro-batch', '(rowShare * batch.weight)', 'rows'],
      ['padding rows weigh 1', 'fill(1, 0, rows).fill(0, rows, paddedRows)', 'fill(1, 0, paddedRows)'],
      [
        'masks by the row of the micro-batch',
        'this.drawMasks(firstRow, paddedRows)',
        'this.drawMasks(0, paddedRows)',
      ],
      [
        'other masks in pass 2',
        'this.settings.trainingStep,\n        layer,',
        'this.settings.trainingStep + this.runs,\n        layer,',
      ],
      ['masks: kept ones not scaled', '1 / (1 - rate),', '1,'],
      ['masks: rate for 1 − rate', '        1 - rate,\n', '        rate,\n'],
      ['loss of the first micro-batch', 'losses[p] += losses[p + width]', 'losses[p] += 0'],
      [
        'statistics also in pass 2',
        'if (pass.updatesDense) {',
        'if (thread === 0) updateStatistics(exchange, batch);\n    if (pass.updatesDense) {',
      ],
    ],
  },
  {
    file: 'src/training/dense-network.ts',
    tests: bags,
    changes: [
      ['every row weighs 1', 'staging.weights.set(exchange', 'staging.real.set(exchange'],
      ['mean over rows, not weights', '(rowShare * batch.weight)', '(rowShare * batch.rows)'],
      ['no numbers', 'exchange.copyNumbers(batch, batch.microBatches[index], staging.numbers);', ''],
    ],
  },
  {
    file: 'src/training/exchange.ts',
    tests: bags,
    changes: [
      [
        'gradient of a mean as of a sum',
        'this.kernels.divideRows(gradients, divisors, rows * fields, dim);',
        '',
      ],
      ['divisors of the first micro-batch', '4 * firstRow * fields', '0'],
      ['bags of the first micro-batch', 'bags.offsets.byteOffset + 4 * first', 'bags.offsets.byteOffset'],
      ['sums of micro-batches in one place', '4 * firstSum * dim', '0'],
      [
        'numbers of the first micro-batch',
        'subarray(firstRow * N, (firstRow + rows) * N)',
        'subarray(0, rows * N)',
      ],
    ],
  },
  {
    file: 'src/models/model.ts',
    tests: bags,
    changes: [['statistics by weight', 'this.realRows ?? this.rowWeights', 'this.rowWeights']],
  },
  {
    file: 'src/models/model.ts',
    tests: ['test/rich-training.test.ts'],
    only: 'promised',
    changes: [
      ['not re-calibrated', 'g.add(logits, Math.log(negativeSampling))', 'logits'],
      ['re-calibrated the other way', 'Math.log(negativeSampling)', '-Math.log(negativeSampling)'],
    ],
  },
  {
    file: 'src/models/fm.ts',
    tests: ['src/models/first-order-models.test.ts'],
    changes: [
      [
        'both orders of a pair',
        'g.subtract(squareOfSum, sumOfSquares)), 0.5)',
        'g.subtract(squareOfSum, sumOfSquares)), 1)',
      ],
      ['pairs with itself', 'g.subtract(squareOfSum, sumOfSquares)', 'squareOfSum'],
      [
        'no linear term',
        'm.graph.add(linearTerm(m, m.firstOrder()), pairInteractions(m))',
        'm.graph.add(m.graph.sumColumns(m.firstOrder()), pairInteractions(m))',
      ],
    ],
  },
  {
    file: 'src/models/linear.ts',
    tests: ['src/models/first-order-models.test.ts'],
    changes: [
      ['no numbers', 'if (!m.numbers)', 'if (m.numbers || !m.numbers)'],
      ['no bias', 'return g.add(sum, bias);', 'return sum;'],
    ],
  },
  {
    file: 'src/training/first-order.ts',
    tests: ['src/training/first-order.test.ts'],
    changes: [
      ['sums of embeddings', 'exchange.at.firstOrderSums, 1', 'exchange.at.sums, 1'],
      ['written nowhere', 'table.writeValues(rows, gradient);', ''],
      ['decay of another value', 'rows, values, gradient, gradient)', 'rows, gradient, gradient, gradient)'],
    ],
  },
  {
    file: 'src/training/dense-network.ts',
    tests: ['src/training/first-order.test.ts'],
    changes: [
      ['first-order weights stay', 'firstOrder?.update(batch);', ''],
      [
        'sums of one micro-batch',
        'exchange.sumFirstOrder(batch, index, weights.byteOffset);',
        'exchange.sumFirstOrder(batch, 0, weights.byteOffset);',
      ],
    ],
  },
  {
    file: 'src/training/dense-update.ts',
    tests: ['src/training/dense-network.test.ts'],
    changes: [
      [
        'gradient of the first micro-batch',
        'kernels.addInto(gradients(p), gradients(p + width), floats);',
        '',
      ],
      ['every second level of the tree', 'width *= 2', 'width *= 4'],
      ['statistics: each micro-batch alike', 'rows / batch.rows', '1 / batch.microBatches.length'],
      ['statistics: nothing kept', 'STATISTIC_KEPT * running[j] +', '0 * running[j] +'],
      ['statistics: new ones in full', '(1 - STATISTIC_KEPT) * mean', 'mean'],
    ],
  },
  {
    file: 'src/models/dcn-v2.ts',
    tests: ['src/models/dcn-v2.test.ts'],
    changes: [
      ['cross: no x_l', 'x = g.add(g.multiply(x0, mixed), x);', 'x = g.multiply(x0, mixed);'],
      ['cross: x_l by itself', 'g.multiply(x0, mixed)', 'g.multiply(x, mixed)'],
      ['cross: always from x_0', 'g.matmul(x, v)', 'g.matmul(x0, v)'],
      ['stacked over x_0', 'mlp(m, crossed, options)', 'mlp(m, m.input, options)'],
      ['parallel over x_L', 'mlp(m, m.input, options)', 'mlp(m, crossed, options)'],
    ],
  },
  {
    file: 'src/models/dlrm.ts',
    tests: ['src/models/dlrm.test.ts'],
    changes: [
      ['no z beside the pairs', 'z ? g.concat([z, pairs]) : pairs', 'pairs'],
      ['z behind the embeddings', 'g.concat([z, m.x])', 'g.concat([m.x, z])'],
      ['nothing to multiply', 'if (count < 2)', 'if (count < 1)'],
    ],
  },
  {
    file: 'src/runs/renamed-sections.ts',
    tests: ['src/runs/renamed-sections.test.ts'],
    changes: [
      ['nothing left out', 'if (options.length === 0) continue;', 'continue;'],
      [
        'the first choice counts',
        '.findLast((one) => one !== undefined)',
        '.find((one) => one !== undefined)',
      ],
      ['all of its options left out', ': own[key],', ': true,'],
    ],
  },
];
