// Mutations of the kernels that quantize rows, of the lookup, and of the threads that work on blocks. [what, from, to], `from`
// exactly once.
const quantizers = ['src/posttraining/fast-quantizers.test.ts'];
const lanes = ['src/posttraining/block-chunk.test.ts'];
const lookup = ['src/kernels/lookup.test.ts'];
const team = ['src/posttraining/block-team.test.ts'];

export const quantizingMutations = [
  {
    file: 'wasm/affine.ts',
    tests: quantizers,
    changes: [
      ['bias not in half precision', 'isHalf ? convertedHalves(least) : least', 'least'],
      ['scale not in half precision', 'isHalf ? convertedHalves(exact) : exact', 'exact'],
      ['the epsilon in half precision too', 'bits != 8 || isHalf', 'bits != 8'],
      ['no epsilon', 'v128.add<f32>(width, f32x4.splat(EPSILON))', 'width'],
      ['a scale of 0 is used', 'v128.bitselect(scale, one, isUsable)', 'scale'],
      [
        'codes above the highest',
        'v128.min<u8>(v128.narrow<u16>(low, high), limit)',
        'v128.narrow<u16>(low, high)',
      ],
    ],
  },
  {
    file: 'wasm/minmax.ts',
    tests: quantizers,
    changes: [
      ['any of two zeros', 'v128.any_true(v128.eq<f32>(least, f32x4.splat(0)))', 'dim == 0'],
      ['rows behind the last', 'min<u32>(a + 1, last)', 'a + 1'],
    ],
  },
  {
    file: 'wasm/greedy.ts',
    tests: quantizers,
    changes: [
      ['up when equal', 'const isUp = v128.lt<f32>(above, below)', 'const isUp = v128.le<f32>(above, below)'],
      ['turns when equal', 'v128.and(v128.lt<f32>(loss, above)', 'v128.and(v128.le<f32>(loss, above)'],
      ['bins too small go on', 'v128.bitselect(upMoves, downMoves, isUp)', 'v128.or(upMoves, downMoves)'],
      ['tiny sums count', 'v128.lt<f32>(sumA, f32x4.splat(LEAST_SUM))', 'v128.lt<f32>(sumA, f32x4.splat(0))'],
      ['an odd value is left out', 'if (dim & 1) {', 'if (dim & 2 && dim & 1) {'],
      ['the search has no end', 'v128.mul<f32>(f32x4.splat(mostLost), best)', 'f32x4.splat(Infinity)'],
    ],
  },
  {
    file: 'wasm/fused.ts',
    tests: lanes,
    changes: [
      ['the second code of a byte is lost', 'v128.or(pairs, v128.shr<u16>(pairs, 4))', 'pairs'],
      [
        'the fourth code of a byte is lost',
        'v128.or(v128.shr<u32>(four, 12), v128.shr<u32>(four, 18))',
        'v128.shr<u32>(four, 12)',
      ],
      [
        'scale and bias change places',
        'v128.or(toHalves(v128.load(scales)), v128.shl<i32>(toHalves(v128.load(biases)), 16))',
        'v128.or(toHalves(v128.load(biases)), v128.shl<i32>(toHalves(v128.load(scales)), 16))',
      ],
    ],
  },
  {
    file: 'wasm/row-losses.ts',
    tests: ['src/kernels/row-losses.test.ts'],
    changes: [
      [
        'sums in another order',
        'return left + (f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1))',
        'return left + f64x2.extract_lane(high, 0) + f64x2.extract_lane(high, 1)',
      ],
      ['stored values not rounded', 'f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(exact))', 'exact'],
      ['other codes are not seen', 'others = v128.or(others,', 'others = v128.and(others,'],
    ],
  },
  {
    file: 'wasm/lookup.ts',
    tests: lookup,
    changes: [
      ['no bias of an origin', '-scale * origin', '0'],
      ['no bias of an origin in fp32', '-<f64>scale * <f64>origin', '0'],
      ['sums are not begun at 0', 'v128.store(sum, i32x4.splat(0))', ''],
      [
        'clusters of one byte for all',
        'if (clusterBytes == 0) return row',
        'if (clusterBytes != 1) return row',
      ],
    ],
  },
  {
    file: 'src/posttraining/block-team.ts',
    tests: team,
    changes: [
      [
        'quantizers that have read the table go to threads',
        'useful <= 1 || prepared.hasReadTable',
        'useful <= 1',
      ],
    ],
  },
];
