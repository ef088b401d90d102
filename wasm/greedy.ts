// The greedy searches of a range, four rows in the four lanes: every row goes its own way, and sums its squares from its first
// value to its last, so that its bits are those of a row by itself. Lanes whose row is done go on without effect until all are.
// Specification: src/posttraining/greedy-walk.ts, greedy-torch.ts, greedy.ts.
import { areRoundable, bindGrids, gridBiases, gridInverses, gridScales, rounders, storeFour } from './affine';
import { bindFullRanges, column, greatestValues, leastValues } from './minmax';

/** Which points of the way may become the range. As in src/kernels/quantizing.ts. */
const RULE_TURNING: u32 = 0;

/** 2^−100: sums of squares below it count as nothing. */
const LEAST_SUM: f32 = 7.888609052210118e-31;

/** What the four rows of `columns` (dim, 4) lose, each by its range: by the first of two, and by the second. */
let lossesA: v128 = i32x4.splat(0);
let lossesB: v128 = i32x4.splat(0);

/** columns (dim, 4): the four rows, value by value. */
// @ts-ignore: decorator
@inline
function transpose(a: usize, b: usize, c: usize, d: usize, dim: u32, columns: usize): void {
  const end = <usize>dim << 2;
  let at: usize = 0;
  for (; at + 16 <= end; at += 16, columns += 64) {
    const rowA = v128.load(a + at);
    const rowB = v128.load(b + at);
    const rowC = v128.load(c + at);
    const rowD = v128.load(d + at);
    const low = v128.shuffle<u32>(rowA, rowB, 0, 4, 1, 5);
    const high = v128.shuffle<u32>(rowA, rowB, 2, 6, 3, 7);
    const otherLow = v128.shuffle<u32>(rowC, rowD, 0, 4, 1, 5);
    const otherHigh = v128.shuffle<u32>(rowC, rowD, 2, 6, 3, 7);
    v128.store(columns, v128.shuffle<u64>(low, otherLow, 0, 2));
    v128.store(columns, v128.shuffle<u64>(low, otherLow, 1, 3), 16);
    v128.store(columns, v128.shuffle<u64>(high, otherHigh, 0, 2), 32);
    v128.store(columns, v128.shuffle<u64>(high, otherHigh, 1, 3), 48);
  }
  for (; at < end; at += 4, columns += 16) v128.store(columns, column(a + at, b + at, c + at, d + at));
}

/** (value − (code · scale + bias))². */
// @ts-ignore: decorator
@inline
function squaredLoss(values: v128, scales: v128, biases: v128, inverses: v128, highest: v128, rounder: v128): v128 {
  const scaled = v128.mul<f32>(v128.sub<f32>(values, biases), inverses);
  // Limited to 0 … 2^M − 1 before it is rounded, which gives the same code, small enough for the rounder.
  const limited = v128.pmin<f32>(highest, v128.pmax<f32>(f32x4.splat(0), scaled));
  const codes = v128.sub<f32>(v128.add<f32>(limited, rounder), rounder);
  const lost = v128.sub<f32>(values, v128.add<f32>(v128.mul<f32>(codes, scales), biases));
  return v128.mul<f32>(lost, lost);
}

/** Losses by the ranges leastA … mostA and leastB … mostB, together: two chains of additions hide each other's latency. */
function lossesOf(
  columns: usize, dim: u32, bits: u32, isHalf: bool, rounder: v128, leastA: v128, mostA: v128, leastB: v128, mostB: v128,
): void {
  const highest = f32x4.splat(<f32>((1 << bits) - 1));
  bindGrids(leastA, mostA, bits, isHalf);
  const scalesA = gridScales;
  const biasesA = gridBiases;
  const inversesA = gridInverses;
  bindGrids(leastB, mostB, bits, isHalf);
  const scalesB = gridScales;
  const biasesB = gridBiases;
  const inversesB = gridInverses;
  let sumA = f32x4.splat(0);
  let sumB = f32x4.splat(0);
  const end = columns + (<usize>dim << 4);
  // Two values in a turn, but for the first of an odd number: what a loop costs is then little.
  if (dim & 1) {
    const values = v128.load(columns);
    sumA = squaredLoss(values, scalesA, biasesA, inversesA, highest, rounder);
    sumB = squaredLoss(values, scalesB, biasesB, inversesB, highest, rounder);
    columns += 16;
  }
  for (; columns < end; columns += 32) {
    const first = v128.load(columns);
    sumA = v128.add<f32>(sumA, squaredLoss(first, scalesA, biasesA, inversesA, highest, rounder));
    sumB = v128.add<f32>(sumB, squaredLoss(first, scalesB, biasesB, inversesB, highest, rounder));
    const values = v128.load(columns, 16);
    sumA = v128.add<f32>(sumA, squaredLoss(values, scalesA, biasesA, inversesA, highest, rounder));
    sumB = v128.add<f32>(sumB, squaredLoss(values, scalesB, biasesB, inversesB, highest, rounder));
  }
  lossesA = v128.andnot(v128.sqrt<f32>(sumA), v128.lt<f32>(sumA, f32x4.splat(LEAST_SUM)));
  lossesB = v128.andnot(v128.sqrt<f32>(sumB), v128.lt<f32>(sumB, f32x4.splat(LEAST_SUM)));
}

/**
 * codes (count, dim), one a byte, scales and biases (count, fp32, numbers of `sideBytes` bytes) of values (count, dim). Ranges are
 * searched in steps of 1/bins of the row's, down to `binsKept` of them; `work` has room for 4 · dim floats.
 */
export function quantizeGreedy(
  values: usize, count: u32, dim: u32, bits: u32, sideBytes: u32, bins: f32, binsKept: f32, rule: u32, mostLost: f32,
  codes: usize, scales: usize, biases: usize, work: usize,
): void {
  const bytes = dim << 2;
  const last = count - 1;
  const isHalf = sideBytes == 2;
  const rounder = rounders(bits);
  for (let a: u32 = 0; a < count; a += 4) {
    // Lanes that are left over at the end do the last row again.
    const b = min<u32>(a + 1, last);
    const c = min<u32>(a + 2, last);
    const d = min<u32>(a + 3, last);
    const rowA = values + a * bytes;
    const rowB = values + b * bytes;
    const rowC = values + c * bytes;
    const rowD = values + d * bytes;
    transpose(rowA, rowB, rowC, rowD, dim, work);
    bindFullRanges(rowA, rowB, rowC, rowD, dim);
    const fullLeast = leastValues;
    const fullMost = greatestValues;
    let least = fullLeast;
    let most = fullMost;
    const step = v128.div<f32>(v128.sub<f32>(most, least), f32x4.splat(bins));
    const kept = v128.mul<f32>(f32x4.splat(binsKept), step);
    lossesOf(work, dim, bits, isHalf, rounder, least, most, least, most);
    let loss = lossesA;
    let best = loss;
    let bestLeast = least;
    let bestMost = most;
    let walks = i32x4.splat(-1);
    while (true) {
      walks = v128.and(walks, v128.lt<f32>(v128.add<f32>(least, kept), most));
      if (!v128.any_true(walks)) break;
      const nextLeast = v128.add<f32>(least, step);
      const nextMost = v128.sub<f32>(most, step);
      lossesOf(work, dim, bits, isHalf, rounder, nextLeast, most, least, nextMost);
      const above = lossesA;
      const below = lossesB;
      const isUp = v128.lt<f32>(above, below);
      // A bin too small to move its end: the search would look at the same range forever.
      const upMoves = v128.ne<f32>(nextLeast, least);
      const downMoves = v128.ne<f32>(nextMost, most);
      walks = v128.and(walks, v128.bitselect(upMoves, downMoves, isUp));
      if (rule == RULE_TURNING) {
        const turns = v128.and(v128.lt<f32>(loss, above), v128.lt<f32>(loss, below));
        const isBest = v128.and(walks, v128.and(turns, v128.lt<f32>(loss, best)));
        best = v128.bitselect(loss, best, isBest);
        bestLeast = v128.bitselect(least, bestLeast, isBest);
        bestMost = v128.bitselect(most, bestMost, isBest);
      }
      // Lanes that are done go on too, and nothing comes of it.
      least = v128.bitselect(nextLeast, least, isUp);
      most = v128.bitselect(most, nextMost, isUp);
      loss = v128.bitselect(above, below, isUp);
      if (rule != RULE_TURNING) {
        const isBest = v128.and(walks, v128.lt<f32>(loss, best));
        best = v128.bitselect(loss, best, isBest);
        bestLeast = v128.bitselect(least, bestLeast, isBest);
        bestMost = v128.bitselect(most, bestMost, isBest);
        walks = v128.andnot(walks, v128.gt<f32>(loss, v128.mul<f32>(f32x4.splat(mostLost), best)));
      }
    }
    bindGrids(bestLeast, bestMost, bits, isHalf);
    const isRoundable = areRoundable(fullLeast, fullMost);
    storeFour(values, dim, bits, isRoundable, a, b, c, d, codes, scales, biases);
  }
}
