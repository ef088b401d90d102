// Errors of a row measured by a second moment H, eᵀ H e, and the three moves that make them small: codes one after
// another, each making up for those before it (sequential rounding with error feedback, as Babai's nearest plane and GPTQ
// have it); codes one at a time until none gains (coordinate descent); and the scale and bias for given codes (least
// squares). In float64. A row is given once, then asked about as often as needed.
import { limit } from '../quantization/grid.js';
import type { FittedGrid } from './least-squares-grid.js';

/** Added to H's diagonal, over its mean: directions that no example moved count a little, and H has an inverse. */
const RIDGE = 1e-3;
/** Rounds of coordinate descent before it is given up; it ends by itself after a few. */
const MOST_ROUNDS = 30;

const nearest = (x: number) => Math.floor(x + 0.5);

/** One H, and one row at a time. */
export class MomentMetric {
  private readonly moment: Float64Array; // (D, D)
  private readonly upper: Float64Array; // (D, D), R of H = Rᵀ R, upper triangular
  private readonly columnSums: Float64Array; // (D), H 1
  private readonly errors: Float64Array; // (D)
  private readonly slopes: Float64Array; // (D), H e
  private readonly values: Float64Array; // (D), x: the row
  private readonly ofValues: Float64Array; // (D), H x
  private squares = 0; // xᵀ H x
  private sum = 0; // 1ᵀ H x
  private readonly ones: number; // 1ᵀ H 1

  /** @param moment (D, D), symmetric and positive semidefinite; of zeros, every direction counts alike */
  constructor(
    moment: Float64Array,
    private readonly dim: number,
  ) {
    this.moment = Float64Array.from(moment);
    let trace = 0;
    for (let j = 0; j < dim; j++) trace += moment[j * (dim + 1)];
    const ridge = trace > 0 ? (RIDGE * trace) / dim : 1;
    for (let j = 0; j < dim; j++) this.moment[j * (dim + 1)] += ridge;
    this.upper = cholesky(this.moment, dim);
    this.columnSums = new Float64Array(dim);
    this.errors = new Float64Array(dim);
    this.slopes = new Float64Array(dim);
    this.values = new Float64Array(dim);
    this.ofValues = new Float64Array(dim);
    for (let i = 0; i < dim; i++) {
      for (let j = 0; j < dim; j++) this.columnSums[i] += this.moment[i * dim + j];
    }
    this.ones = this.columnSums.reduce((sum, value) => sum + value, 0);
  }

  /** The row (D) that everything below is about. */
  begin(row: Float64Array): void {
    const { dim, moment, values, ofValues, columnSums } = this;
    values.set(row);
    this.squares = 0;
    this.sum = 0;
    for (let i = 0; i < dim; i++) {
      let product = 0;
      for (let j = 0; j < dim; j++) product += moment[i * dim + j] * values[j];
      ofValues[i] = product;
      this.squares += values[i] * product;
      this.sum += values[i] * columnSums[i];
    }
  }

  /** eᵀ H e of codes on a grid, as they are read: value = fp32(scale · code + bias). */
  error(scale: number, bias: number, codes: Uint8Array): number {
    const { dim, errors, moment, values } = this;
    for (let j = 0; j < dim; j++) errors[j] = Math.fround(scale * codes[j] + bias) - values[j];
    let sum = 0;
    for (let i = 0; i < dim; i++) {
      let slope = 0;
      for (let j = 0; j < dim; j++) slope += moment[i * dim + j] * errors[j];
      sum += errors[i] * slope;
    }
    return sum;
  }

  /** Codes from the last element to the first: each is the nearest to where it would make up for those already there. */
  round(scale: number, bias: number, highest: number, codes: Uint8Array): void {
    const { dim, errors, upper, values } = this;
    for (let i = dim - 1; i >= 0; i--) {
      let carried = 0;
      for (let j = i + 1; j < dim; j++) carried += upper[i * dim + j] * errors[j];
      const target = values[i] - carried / upper[i * (dim + 1)];
      const code = limit(nearest((target - bias) / scale), 0, highest);
      codes[i] = code;
      errors[i] = scale * code + bias - values[i];
    }
  }

  /** Moves one code at a time to where it is best with all others as they are, until none gains. */
  descend(scale: number, bias: number, highest: number, codes: Uint8Array): void {
    const { dim, errors, slopes, moment, values } = this;
    for (let j = 0; j < dim; j++) errors[j] = scale * codes[j] + bias - values[j];
    for (let i = 0; i < dim; i++) {
      slopes[i] = 0;
      for (let j = 0; j < dim; j++) slopes[i] += moment[i * dim + j] * errors[j];
    }
    for (let round = 0, moved = true; moved && round < MOST_ROUNDS; round++) {
      moved = false;
      for (let i = 0; i < dim; i++) {
        const curvature = moment[i * (dim + 1)];
        const code = limit(nearest(codes[i] - slopes[i] / (curvature * scale)), 0, highest);
        const change = scale * (code - codes[i]);
        if (!(change * (2 * slopes[i] + change * curvature) < 0)) continue;
        codes[i] = code;
        for (let j = 0; j < dim; j++) slopes[j] += moment[i * dim + j] * change;
        moved = true;
      }
    }
  }

  /** The best grid for codes, and its error; scale 0 where all codes are one. */
  refit(codes: Uint8Array, fit: FittedGrid): void {
    const { dim, moment, columnSums, ofValues, ones, sum, squares } = this;
    let [codesCodes, codesOnes, codesValues] = [0, 0, 0];
    for (let i = 0; i < dim; i++) {
      let ofCodes = 0;
      for (let j = 0; j < dim; j++) ofCodes += moment[i * dim + j] * codes[j];
      codesCodes += codes[i] * ofCodes;
      codesOnes += codes[i] * columnSums[i];
      codesValues += codes[i] * ofValues[i];
    }
    // Codes and values less the part of each that a bias could make, in the sense of H.
    const variance = codesCodes - (codesOnes * codesOnes) / ones;
    const covariance = codesValues - (sum * codesOnes) / ones;
    fit.scale = variance > 1e-12 * codesCodes ? covariance / variance : 0;
    fit.bias = (sum - fit.scale * codesOnes) / ones;
    fit.error = squares - (sum * sum) / ones - fit.scale * covariance;
  }

  /** The best bias for codes and a scale. */
  bias(scale: number, codes: Uint8Array): number {
    const { dim, columnSums, sum, ones } = this;
    let ofCodes = 0;
    for (let j = 0; j < dim; j++) ofCodes += columnSums[j] * codes[j];
    return (sum - scale * ofCodes) / ones;
  }
}

/** R (D, D), upper triangular, of H = Rᵀ R. */
function cholesky(matrix: Float64Array, dim: number): Float64Array {
  const upper = new Float64Array(dim * dim);
  for (let i = 0; i < dim; i++) {
    for (let j = i; j < dim; j++) {
      let rest = matrix[i * dim + j];
      for (let k = 0; k < i; k++) rest -= upper[k * dim + i] * upper[k * dim + j];
      upper[i * dim + j] = i === j ? Math.sqrt(rest) : rest / upper[i * (dim + 1)];
    }
  }
  return upper;
}
