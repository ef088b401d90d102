// What theorems 1 and 2 speak of, measured: F(w̄_T) − F* of the mean of the first T iterates, for training with
// η_t = η/√t, over repetitions with other starting points and other roundings.
import { descend, type Precision } from './descent.js';
import { meanLoss, problem, startingPoint } from './problem.js';

export interface SuboptimalityOptions {
  precision: Precision;
  /** η of η_t = η/√t. */
  learningRate: number;
  /** The T to look at, ascending. */
  iterations: readonly number[];
  repetitions: number;
  seed: number;
  parameters?: number;
}

/** Of the repetitions at one T. F is the sum of the parameters' losses, here divided by their number. */
export interface Suboptimality {
  iterations: number;
  mean: number;
  low: number;
  high: number;
}

/** Mean, lowest and highest of the repetitions at each T. */
export function measureSuboptimality(options: SuboptimalityOptions): Suboptimality[] {
  const { iterations, repetitions } = options;
  const runs = Array.from({ length: repetitions }, (_, repetition) => measureOnce(options, repetition));
  return iterations.map((T, index) => {
    const values = runs.map((found) => found[index]);
    const mean = values.reduce((total, value) => total + value, 0) / values.length;
    return { iterations: T, mean, low: Math.min(...values), high: Math.max(...values) };
  });
}

function measureOnce(options: SuboptimalityOptions, repetition: number): number[] {
  const { precision, learningRate, iterations, seed, parameters = problem.parameters } = options;
  const found: number[] = [];
  const sum = new Float64Array(parameters);
  const mean = new Float64Array(parameters);
  let previous = new Float64Array(parameters);
  let lastT = 0;
  // w̄_T when the iterates after the last one seen all equal it.
  const look = (T: number) => {
    for (let i = 0; i < sum.length; i++) mean[i] = (sum[i] + (T - lastT) * previous[i]) / T;
    found.push(meanLoss(mean));
  };
  descend({
    start: startingPoint(parameters, seed, repetition),
    precision,
    rate: (t) => learningRate / Math.sqrt(t),
    step: problem.step,
    bits: problem.bits,
    iterations: iterations[iterations.length - 1] - 1,
    seed,
    repetition,
    onIterate(weights, t) {
      // w^1 is the starting point, so after t updates there are t + 1 iterates.
      const stands = t > 0 && precision === 'deterministic' && weights.every((w, i) => w === previous[i]);
      for (let i = 0; i < sum.length; i++) sum[i] += weights[i];
      lastT = t + 1;
      previous = Float64Array.from(weights);
      if (iterations[found.length] === lastT) look(lastT);
      // Rates only fall: what deterministic rounding leaves alone once, it leaves alone for ever.
      return !stands;
    },
  });
  while (found.length < iterations.length) look(iterations[found.length]);
  return found;
}
