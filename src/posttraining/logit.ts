// Quantization for the model's logit: scale, bias and codes of a row that move the logit least, in the mean square over the
// row's uses in calibration examples, eᵀ H e (calibration.ts), instead of the row itself (l2). An error is cheap where the
// network does not look, and errors of several elements may cancel in its eyes. No source for embedding rows; the idea
// is that of GPTQ (Frantar et al. 2022) for layers, with H of the logit's gradient in the place of the layer's input.
// docs/posttraining.md has what it gains.
import { UserError } from '../errors.js';
import type { Calibration } from './calibration.js';
import { candidateGrids } from './candidate-grids.js';
import { stored } from './codebook.js';
import type { FittedGrid } from './least-squares-grid.js';
import { MomentMetric } from './moment-metric.js';
import {
  type AffineBlock,
  type BlockQuantizer,
  type QuantizerSettings,
  type QuantizerSpec,
  quantizedBits,
} from './quantizer.js';

const CANDIDATES = { scales: 16, biases: 8 };
/** Of the candidates, the best so many are followed down. */
const STARTS = 8;
/** Turns of codes by the grid and the grid by the codes. */
const TURNS = 6;

export const logit = {
  summary:
    "the least change of the model's logit on calibration examples, instead of the row (needs a run and its data)",
  kind: 'affine',
  bits: quantizedBits,
  needsCalibration: true,
  async create(settings, table): Promise<BlockQuantizer<'affine'>> {
    const { calibration, dim } = settings;
    if (!calibration) {
      throw new UserError(
        `The method 'logit' has to know how a model uses the table, which '${table.name}' alone does not say.`,
        'quantize a run with --data, or use the method optimal',
        2,
      );
    }
    if (calibration.dim !== dim) {
      throw new RangeError(`a calibration of width ${calibration.dim} for rows of ${dim}`);
    }
    return new LogitQuantizer(settings, calibration);
  },
} as const satisfies QuantizerSpec<'affine'>;

class LogitQuantizer implements BlockQuantizer<'affine'> {
  private readonly highest: number;
  private readonly row: Float64Array; // (D)
  private readonly codes: Uint8Array; // (D)
  private readonly fit: FittedGrid = { scale: 0, bias: 0, error: 0 };
  /** Of moments that several rows share. */
  private readonly metrics = new WeakMap<Float64Array, MomentMetric>();

  constructor(
    private readonly settings: QuantizerSettings,
    private readonly calibration: Calibration,
  ) {
    this.highest = 2 ** settings.bits - 1;
    this.row = new Float64Array(settings.dim);
    this.codes = new Uint8Array(settings.dim);
  }

  quantize(values: Float32Array, out: AffineBlock, first?: number): void {
    if (first === undefined) throw new RangeError('a block of rows that does not say where it begins');
    const { dim } = this.settings;
    for (let row = 0; row * dim < values.length; row++) {
      this.row.set(values.subarray(row * dim, (row + 1) * dim));
      const metric = this.metricOf(first + row);
      metric.begin(this.row);
      this.quantizeRow(metric, row, out);
    }
  }

  private metricOf(row: number): MomentMetric {
    const moment = this.calibration.moment(row);
    let metric = this.metrics.get(moment);
    if (!metric) {
      metric = new MomentMetric(moment, this.settings.dim);
      this.metrics.set(moment, metric);
    }
    return metric;
  }

  private quantizeRow(metric: MomentMetric, at: number, out: AffineBlock): void {
    const { row, codes, fit, highest } = this;
    const { dim, side } = this.settings;
    let best = Number.POSITIVE_INFINITY;
    // A constant row has no grid to search: as a bias alone.
    out.codes.fill(0, at * dim, (at + 1) * dim);
    out.scales[at] = 1;
    out.biases[at] = stored(row[0], side);
    for (const start of this.starts(metric)) {
      let { scale, bias } = start;
      for (let turn = 0; turn < TURNS; turn++) {
        const storedScale = stored(scale, side);
        const storedBias = stored(bias, side);
        if (storedScale === 0 || !Number.isFinite(storedScale) || !Number.isFinite(storedBias)) break;
        metric.round(storedScale, storedBias, highest, codes);
        metric.descend(storedScale, storedBias, highest, codes);
        const error = metric.error(storedScale, storedBias, codes);
        if (error < best) {
          best = error;
          out.scales[at] = storedScale;
          out.biases[at] = storedBias;
          out.codes.set(codes, at * dim);
        }
        metric.refit(codes, fit);
        const next = stored(fit.scale, side);
        // To the scale as it is stored.
        const nextBias = metric.bias(next, codes);
        if (next === storedScale && stored(nextBias, side) === storedBias) break;
        scale = next;
        bias = nextBias;
      }
    }
  }

  /** The row's own range, and the candidates with the least error after one refit. */
  private starts(metric: MomentMetric): FittedGrid[] {
    const { row, codes, fit, highest } = this;
    let least = row[0];
    let most = row[0];
    for (const value of row) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
    const found: FittedGrid[] = [];
    candidateGrids(CANDIDATES, least, most, highest, (scale, bias) => {
      metric.round(scale, bias, highest, codes);
      metric.refit(codes, fit);
      found.push({ scale, bias, error: fit.error });
    });
    found.sort((a, b) => a.error - b.error);
    found.length = Math.min(found.length, STARTS);
    if (most > least) found.push({ scale: (most - least) / highest, bias: least, error: 0 });
    return found;
  }
}
