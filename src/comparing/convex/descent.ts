// Gradient descent on the convex problem, in full precision or as low-precision training does it (eq. 8):
//
//   w^(t+1) = Q(w^t − η_t ∇f(w^t)),   w^t = Δ·code
//
// with the roundings and the grid that the tables use. Float64 throughout: what moves a weight here is the rounding of
// codes, and nothing else.
import { type CodeBits, grid, limit } from '../../quantization/grid.js';
import { roundHalfUp, roundStochastic } from '../../quantization/rounding.js';
import { philox } from '../../random/philox.js';
import { Stream, seedKey, streamWord, tableWord } from '../../random/streams.js';
import { uniform } from '../../random/uniform.js';
import { gradient } from './problem.js';

/** How weights are kept: unrounded, or as codes after deterministic or stochastic rounding. */
export type Precision = 'full' | 'deterministic' | 'stochastic';

/** η_t of iteration t, counted from 1. */
export type Rate = (t: number) => number;

export interface Descent {
  start: Float64Array;
  precision: Precision;
  rate: Rate;
  step: number;
  bits: CodeBits;
  iterations: number;
  seed: number;
  /** Another one rounds with other random numbers. */
  repetition?: number;
  /** Called with t = 0, …, `iterations` updates done; false ends the training. The array is lent. */
  onIterate: (weights: Float64Array, t: number) => boolean | undefined;
}

/** Trains all parameters; codes begin as the rounded starting point. */
export function descend(descent: Descent): void {
  if (descent.precision === 'full') descendUnrounded(descent);
  else descendOnGrid(descent, descent.precision);
}

function descendUnrounded({ start, rate, iterations, onIterate }: Descent): void {
  const weights = Float64Array.from(start);
  if (onIterate(weights, 0) === false) return;
  for (let t = 1; t <= iterations; t++) {
    const eta = rate(t);
    for (let i = 0; i < weights.length; i++) weights[i] -= eta * gradient(weights[i]);
    if (onIterate(weights, t) === false) return;
  }
}

function descendOnGrid(descent: Descent, precision: 'deterministic' | 'stochastic'): void {
  const { start, rate, step, bits, iterations, onIterate } = descent;
  const { lowest, highest } = grid(bits);
  const noise = roundingNoise(descent);
  const codes = new Float64Array(start.length);
  const weights = new Float64Array(start.length);
  const write = (i: number, t: number, offset: number) => {
    const limited = limit(offset, lowest - codes[i], highest - codes[i]);
    // A code moves by its offset from the old one, as in the tables: no change is an offset of exactly 0.
    codes[i] += precision === 'stochastic' ? roundStochastic(limited, noise(i, t)) : roundHalfUp(limited);
    weights[i] = step * codes[i];
  };
  for (let i = 0; i < codes.length; i++) write(i, 0, start[i] / step);
  if (onIterate(weights, 0) === false) return;
  for (let t = 1; t <= iterations; t++) {
    const eta = rate(t);
    for (let i = 0; i < codes.length; i++) {
      const change = -eta * gradient(weights[i]);
      if (change !== 0) write(i, t, change / step);
    }
    if (onIterate(weights, t) === false) return;
  }
}

/** u of a parameter at an iteration: each is drawn once, and four in a row come from one block. */
function roundingNoise({ seed, repetition = 0 }: Descent): (i: number, t: number) => number {
  const [key0, key1] = seedKey(seed);
  const words = new Uint32Array(4);
  let drawnBlock = -1;
  let drawnT = -1;
  return (i, t) => {
    const block = i >> 2;
    if (block !== drawnBlock || t !== drawnT) {
      philox(words, 0, key0, key1, t, tableWord(0, 0), repetition, streamWord(Stream.rounding, block));
      drawnBlock = block;
      drawnT = t;
    }
    return uniform(words[i & 3]);
  };
}
