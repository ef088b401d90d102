// The scale and bias that fit a row best when its codes are given (least squares), and from a first grid the way down
// from there: codes by the grid, the grid by the codes, until neither gains. In float64; what a side makes of a grid is
// measured separately, since only that is stored.
import { limit } from '../quantization/grid.js';

/** A grid, value = scale · code + bias, and the sum of squared errors of a row on it. */
export interface FittedGrid {
  scale: number;
  bias: number;
  error: number;
}

/** Turns before a descent is given up; it ends by itself after a handful. */
const MOST_TURNS = 100;

/** Fits grids to a row. Its scratch is used again by each. */
export class LeastSquaresGrid {
  private readonly codes: Float64Array; // (D)

  constructor(
    dim: number,
    /** 2^M − 1. */
    private readonly highest: number,
  ) {
    this.codes = new Float64Array(dim);
  }

  /** Once: gives the values (D) their codes on a grid, and `fit` the best grid for these codes. */
  refit(values: Float64Array, scale: number, bias: number, fit: FittedGrid): void {
    const { codes, highest } = this;
    const dim = values.length;
    const inverse = 1 / scale;
    let ofCodes = 0;
    let ofValues = 0;
    for (let j = 0; j < dim; j++) {
      const code = limit(Math.floor((values[j] - bias) * inverse + 0.5), 0, highest);
      codes[j] = code;
      ofCodes += code;
      ofValues += values[j];
    }
    const meanCode = ofCodes / dim;
    const meanValue = ofValues / dim;
    let codeSquares = 0;
    let products = 0;
    let valueSquares = 0;
    for (let j = 0; j < dim; j++) {
      const code = codes[j] - meanCode;
      const value = values[j] - meanValue;
      codeSquares += code * code;
      products += code * value;
      valueSquares += value * value;
    }
    fit.scale = codeSquares > 0 ? products / codeSquares : 0;
    fit.bias = meanValue - fit.scale * meanCode;
    fit.error = Math.max(0, valueSquares - fit.scale * products);
  }

  /** From the grid in `fit` down to one where codes and grid are each the best for the other, or all codes are one. */
  descend(values: Float64Array, fit: FittedGrid): void {
    let { scale, bias } = fit;
    let error = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      this.refit(values, scale, bias, fit);
      if (!(fit.error < error) || fit.scale === 0) return;
      ({ scale, bias, error } = fit);
    }
  }
}
