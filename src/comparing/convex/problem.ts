// The convex problem of the ALPT paper (eq. 13): each of d parameters has the loss f(w) = (w − 0.5)² of its own, begins
// somewhere in [0, 1], and is trained by gradient descent. What is known about it exactly stands here too.
import { philox } from '../../random/philox.js';
import { Stream, seedKey, streamWord, tableWord } from '../../random/streams.js';
import { uniform } from '../../random/uniform.js';

/** What section 3.1 states: parameters, the least of f, Δ and M. */
export const problem = { parameters: 1000, optimum: 0.5, step: 0.01, bits: 8 } as const;

/** f(w) − f*, f* being 0. */
export function loss(w: number): number {
  return (w - problem.optimum) ** 2;
}

/** ∇f(w). */
export function gradient(w: number): number {
  return 2 * (w - problem.optimum);
}

/** `count` numbers of U(0, 1): parameters before the first step. Another `repetition` has others. */
export function startingPoint(count: number, seed: number, repetition = 0): Float64Array {
  const [key0, key1] = seedKey(seed);
  const words = new Uint32Array(count + 3);
  for (let i = 0; i < count; i += 4) {
    philox(words, i, key0, key1, 0, tableWord(0, 0), repetition, streamWord(Stream.init, i >> 2));
  }
  return Float64Array.from({ length: count }, (_, i) => uniform(words[i]));
}

/** Root of the mean squared distance to the optimum. */
export function distance(weights: Float64Array): number {
  return Math.sqrt(meanLoss(weights));
}

/** Mean of f over the parameters. */
export function meanLoss(weights: Float64Array): number {
  let sum = 0;
  for (const w of weights) sum += loss(w);
  return sum / weights.length;
}
