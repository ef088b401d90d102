// Mutations of pruning, while and after training, and of rounding after training. [what, from, to], `from` exactly once.
const kernels = ['src/kernels/kernels.test.ts'];
const smallest = ['src/embedding/smallest.test.ts'];
const pruning = ['src/training/pruning.test.ts'];

export const pruningMutations = [
  {
    file: 'src/embedding/pruning.ts',
    tests: pruning,
    changes: [
      ['warm-up not counted off', '(epoch - 1 - warmUpEpochs) * batches', '(epoch - 1) * batches'],
      ['no warm-up', 'epoch <= warmUpEpochs || ', ''],
      ['not at the end of an epoch', '&& batch !== batches', ''],
      ['damping per batch', 'n / PERIOD', 'n'],
      ['S at once', 'sparsity * (1 - DAMPING ** (n / PERIOD))', 'sparsity'],
    ],
  },
  {
    file: 'src/embedding/smallest.ts',
    tests: smallest,
    changes: [
      ['one too many', 'rank > bins[bin]', 'rank >= bins[bin]'],
      ['all ties', 'if (rank === equal)', 'if (rank > 0)'],
      ['ties from the wrong run', 'left -= equal;', ''],
      ['ties of the row stay', 'j < element && Math.abs', 'j < 0 && Math.abs'],
      ['ties before the row stay', 'Math.min(end, row), magnitude + 1)', 'Math.min(end, row), magnitude)'],
    ],
  },
  {
    file: 'src/embedding/threshold-view.ts',
    tests: smallest,
    changes: [
      ['the threshold itself', 'magnitude > threshold', 'magnitude >= threshold'],
      ['ties of earlier rows', 'row < lastRow || ', ''],
      ['ties of the row', 'j < element', 'j <= element'],
    ],
  },
  {
    file: 'wasm/magnitudes.ts',
    tests: kernels,
    changes: [
      ['with the sign', 'const MAGNITUDE: u32 = 0x7fffffff', 'const MAGNITUDE: u32 = 0xffffffff'],
      ['all prefixes', 'u32(digits >> 11 == prefix)', '1'],
      ['rows never written as they lie there', 'values = workCodes;', ''],
      [
        'the limit too',
        'v128.lt<i32>(v128.and(bits, magnitudes), limits)',
        'v128.le<i32>(v128.and(bits, magnitudes), limits)',
      ],
      ['the limit too, beyond the vectors', '& MAGNITUDE) < limit', '& MAGNITUDE) <= limit'],
      ['not marked as written', 'markWritten(row);', ''],
    ],
  },
];
