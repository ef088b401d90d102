// Mutations of what stands between quantizers and files: row layouts, the engine and its sums, headers of .npy.
// [what, from, to], `from` exactly once.
const engine = ['src/posttraining/quantize-table.test.ts'];
const layouts = ['src/posttraining/layouts/layouts.test.ts'];
const files = ['src/posttraining/open-quantized.test.ts', 'test/quantize.test.ts'];

export const quantizedFileMutations = [
  {
    file: 'src/posttraining/layouts/pack-rows.ts',
    tests: layouts,
    changes: [
      [
        'pack: highest bits first',
        'codes[at++] << (shift * bits)',
        'codes[at++] << ((perByte - 1 - shift) * bits)',
      ],
      [
        'pack: into the next row',
        'shift < perByte && at < end; shift++) byte |=',
        'shift < perByte; shift++) byte |=',
      ],
      ['unpack: no mask', 'byte & mask', 'byte'],
    ],
  },
  {
    file: 'src/posttraining/layouts/torch-rows.ts',
    tests: layouts,
    changes: [
      [
        'bias before scale',
        'view.setFloat32(at + 4, biases[row], true)',
        'view.setFloat32(at + 4, scales[row], true)',
      ],
      [
        'big-endian halves',
        'view.setUint16(at, toHalf(scales[row]), true)',
        'view.setUint16(at, toHalf(scales[row]))',
      ],
      ['fp16 at 8 bits', "bits === 8 ? 'fp32' : 'fp16'", "'fp16'"],
      ['any width', 'dim % (8 / bits) !== 0', 'false'],
      ['any kind', "kind !== 'affine'", 'false'],
      ['any side', 'side !== sideOf(bits)', 'false'],
    ],
  },
  {
    file: 'src/posttraining/layouts/bitrow-rows.ts',
    tests: layouts,
    changes: [
      ['clusters in one byte too few', 'clusters <= 2 ** 8', 'clusters <= 2 ** 9'],
      ['clusters in two bytes too few', 'clusters <= 2 ** 16', 'clusters <= 2 ** 17'],
    ],
  },
  {
    file: 'src/posttraining/row-errors.ts',
    tests: engine,
    changes: [
      ['rows of zeros count', 'if (squaredNorm > 0)', 'if (squaredNorm >= 0)'],
      ['mean over all rows', 'sums.errors / sums.normedRows', 'sums.errors / sums.rows'],
      [
        'worst of the last block',
        'const isWorse = more.worstRow >= 0 && (to.worstRow < 0 || more.worstError > to.worstError)',
        'const isWorse = true',
      ],
      ['no tolerance against min-max', 'TOLERANCE = 1e-6', 'TOLERANCE = 0'],
      [
        'worse than half of min-max',
        'if (Math.sqrt(squaredError) > bound)',
        'if (Math.sqrt(squaredError) > 0)',
      ],
      ['degenerate rows not counted', 'sums.degenerateRows += losses[at + 2];', ''],
      [
        'table error not normed',
        'Math.sqrt(sums.squaredError / sums.squaredNorm)',
        'Math.sqrt(sums.squaredError)',
      ],
    ],
  },
  {
    file: 'src/posttraining/check-values.ts',
    tests: [...engine, 'src/posttraining/check-values.test.ts'],
    changes: [
      ['infinity passes', '!(Math.abs(values[at]) <= highest.fp32)', 'Number.isNaN(values[at])'],
      ['NaN passes', '!(Math.abs(values[at]) <= highest.fp32)', 'Math.abs(values[at]) > highest.fp32'],
      ['row within the block', 'first + Math.trunc(at / dim)', 'Math.trunc(at / dim)'],
      ['bias is not looked at', 'bad(block.scales, 1), bad(block.biases, 1)', 'bad(block.scales, 1)'],
      ['scale is not looked at', 'bad(block.scales, 1), bad(block.biases, 1)', 'bad(block.biases, 1)'],
      [
        'column of the largest value with its sign',
        'Math.abs(of(j)) > Math.abs(of(column))',
        'of(j) > of(column)',
      ],
    ],
  },
  {
    file: 'src/posttraining/quantize-table.ts',
    tests: engine,
    changes: [
      ['blocks in the order they are done', 'await before;\n    for', 'for'],
      ['no signal', 'signal?.throwIfAborted();', ''],
      ['team left open', 'await close();', ''],
      ['block of another size', 'first < rows; first += size', 'first < rows; first += size + 1'],
    ],
  },
  {
    file: 'src/posttraining/open-quantized.ts',
    tests: files,
    changes: [
      ['any layout', 'expected !== undefined && layout !== expected', 'false'],
      ['any version', 'metadata.version !== String(version)', 'false'],
      ['tensors not looked at', 'if (found !== expected)', 'if (false)'],
      ['clusters not looked at', 'if (cluster < known) continue', 'continue'],
    ],
  },
  {
    file: 'src/formats/npy.ts',
    tests: ['src/formats/npy.test.ts'],
    changes: [
      ['Fortran order read as rows', 'fortranOrder && shape.length > 1', 'false'],
      ['end not looked at', 'end !== fileBytes', 'end > fileBytes'],
      ['any length of a header', 'length > MOST_HEADER_BYTES', 'false'],
      ['a name may repeat', 'found.has(key)', 'false'],
      ['array anywhere', '/ 64) * 64', '/ 16) * 16'],
    ],
  },
];
