// The least l2 error that scale and bias can reach, as a bound to hold the others against: from 64 grids, among them that
// of every other affine method, each time codes by the grid and the grid by the codes (least squares) until neither
// gains. The others beside those of the other methods are the best of a thousand (candidate-grids.ts). What counts is the
// error of the row as it is stored, so this is never worse than any method it begins with. Local optima: it is not
// proved to be the least; optimal.test.ts measures how often it is. No source: textbook alternation, as in Lloyd's.
import { limit } from '../quantization/grid.js';
import { roundToHalf } from '../quantization/half.js';
import { aciq } from './aciq.js';
import { candidateGrids } from './candidate-grids.js';
import { stored } from './codebook.js';
import { greedy } from './greedy.js';
import { greedyPaper } from './greedy-paper.js';
import { greedyTorch } from './greedy-torch.js';
import { gss } from './gss.js';
import { histApprox } from './hist-approx.js';
import { histBrute } from './hist-brute.js';
import { type FittedGrid, LeastSquaresGrid } from './least-squares-grid.js';
import { minMax } from './min-max.js';
import {
  type AffineBlock,
  type BlockQuantizer,
  type QuantizerSettings,
  type QuantizerSpec,
  quantizedBits,
  type RowSource,
  type Side,
} from './quantizer.js';
import { symmetric } from './symmetric.js';
import { tableMinMax } from './table-minmax.js';

const STARTS = 64;
/** Codes by the stored scale, the bias by the codes, codes by the stored bias. */
const BIAS_TURNS = 2;
const CANDIDATES = { scales: 64, biases: 16 };

/** The other affine methods: each one's grid is a start. */
const others: readonly QuantizerSpec<'affine'>[] = [
  minMax,
  greedy,
  greedyTorch,
  greedyPaper,
  histBrute,
  histApprox,
  gss,
  aciq,
  symmetric,
  tableMinMax,
];

export const optimal = {
  summary: 'the least l2 error: least squares from 64 grids, those of all other affine methods among them',
  kind: 'affine',
  bits: quantizedBits,
  create: (settings, table): Promise<BlockQuantizer<'affine'>> => OptimalQuantizer.create(settings, table),
} as const satisfies QuantizerSpec<'affine'>;

class OptimalQuantizer implements BlockQuantizer<'affine'> {
  private readonly highest: number;
  private readonly fitter: LeastSquaresGrid;
  private readonly row: Float64Array; // (D)
  private readonly codes: Uint8Array; // (D), of the row on the grid that is tried
  private readonly starts: FittedGrid[] = []; // of the best candidates, ascending by error
  private readonly fit: FittedGrid = { scale: 0, bias: 0, error: 0 };

  private constructor(
    private readonly settings: QuantizerSettings,
    private readonly methods: readonly BlockQuantizer<'affine'>[],
  ) {
    this.highest = 2 ** settings.bits - 1;
    this.fitter = new LeastSquaresGrid(settings.dim, this.highest);
    this.row = new Float64Array(settings.dim);
    this.codes = new Uint8Array(settings.dim);
  }

  static async create(settings: QuantizerSettings, table: RowSource): Promise<OptimalQuantizer> {
    const methods: BlockQuantizer<'affine'>[] = [];
    for (const other of others) {
      if (other.bits.includes(settings.bits)) methods.push(await other.create(settings, table));
    }
    return new OptimalQuantizer(settings, methods);
  }

  quantize(values: Float32Array, out: AffineBlock): void {
    const { dim } = this.settings;
    const rows = values.length / dim;
    const blocks = this.methods.map((method) => {
      const block = emptyBlock(rows, dim);
      method.quantize(values, block);
      return block;
    });
    for (let row = 0; row < rows; row++) {
      this.row.set(values.subarray(row * dim, (row + 1) * dim));
      let best = Number.POSITIVE_INFINITY;
      const keep = (scale: number, bias: number, codes: Uint8Array) => {
        const error = this.storedError(scale, bias, codes);
        if (!(error < best)) return;
        best = error;
        out.scales[row] = scale;
        out.biases[row] = bias;
        out.codes.set(codes, row * dim);
      };
      // As the methods have it, codes included: some take other codes than the nearest.
      for (const { codes, scales, biases } of blocks) {
        keep(scales[row], biases[row], codes.subarray(row * dim, (row + 1) * dim));
      }
      for (const { scales, biases } of blocks) this.descend(scales[row], biases[row], keep);
      this.choose(STARTS - blocks.length);
      for (const { scale, bias } of this.starts) this.descend(scale, bias, keep);
    }
  }

  /** The `count` candidates with the least error after one refit, no two of them with the same. */
  private choose(count: number): void {
    const { row, fit, starts, fitter } = this;
    starts.length = 0;
    let least = row[0];
    let most = row[0];
    for (const value of row) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
    candidateGrids(CANDIDATES, least, most, this.highest, (scale, bias) => {
      fitter.refit(row, scale, bias, fit);
      const { error } = fit;
      if (starts.length === count && !(error < starts[count - 1].error)) return;
      let at = starts.length;
      while (at > 0 && starts[at - 1].error > error) at--;
      // The same codes again.
      if (at > 0 && starts[at - 1].error === error) return;
      if (starts.length === count) starts.pop();
      starts.splice(at, 0, { ...fit });
    });
  }

  /** Down from a grid, then what the side can hold of where that ends. */
  private descend(
    scale: number,
    bias: number,
    keep: (scale: number, bias: number, codes: Uint8Array) => void,
  ): void {
    const { fit, fitter, row, codes } = this;
    if (scale === 0 || !Number.isFinite(scale) || !Number.isFinite(bias)) return;
    fit.scale = scale;
    fit.bias = bias;
    fitter.descend(row, fit);
    for (const near of storable(fit.scale, this.settings.side)) {
      if (near === 0 || !Number.isFinite(near)) continue;
      // The bias is fitted again to the scale as it is stored.
      for (let turn = 0, fitted = fit.bias; turn < BIAS_TURNS; turn++) {
        const storedBias = stored(fitted, this.settings.side);
        this.nearest(near, storedBias);
        keep(near, storedBias, codes);
        fitted = 0;
        for (let j = 0; j < row.length; j++) fitted += (row[j] - near * codes[j]) / row.length;
      }
    }
  }

  private nearest(scale: number, bias: number): void {
    const { row, codes, highest } = this;
    for (let j = 0; j < row.length; j++) {
      codes[j] = limit(Math.floor((row[j] - bias) / scale + 0.5), 0, highest);
    }
  }

  /** Sum of squared errors of codes, as they are read: value = fp32(scale · code + bias). */
  private storedError(scale: number, bias: number, codes: Uint8Array): number {
    const { row } = this;
    let sum = 0;
    for (let j = 0; j < row.length; j++) {
      const error = Math.fround(scale * codes[j] + bias) - row[j];
      sum += error * error;
    }
    return sum;
  }
}

/** The numbers of a side next to a scale: fp16 is coarse enough for the farther one to be the better. */
function storable(scale: number, side: Side): number[] {
  if (side === 'fp32') return [Math.fround(scale)];
  const single = Math.fround(scale);
  return [roundToHalf(single, Math.floor), roundToHalf(single, Math.ceil)];
}

function emptyBlock(rows: number, dim: number): AffineBlock {
  return {
    kind: 'affine',
    codes: new Uint8Array(rows * dim),
    scales: new Float32Array(rows),
    biases: new Float32Array(rows),
  };
}
