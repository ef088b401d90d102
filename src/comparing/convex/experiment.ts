// The synthetic experiment of section 3.1 at one learning rate: the distributions of figure 3 (a) to (c), how many
// parameters deterministic rounding leaves alone (d), and how far the weights are from the optimum.
import { descend, type Precision, type Rate } from './descent.js';
import { distance, gradient, problem, startingPoint } from './problem.js';

export const precisions = ['full', 'deterministic', 'stochastic'] as const satisfies Precision[];

/** Iterations of which the paper shows the distribution. */
export const shownIterations = [10, 100, 1000] as const;

export interface Experiment {
  /** Weights after each of `shownIterations`. */
  weights: Record<Precision, Float64Array[]>;
  /** Root of the mean squared distance to the optimum, there. */
  distances: Record<Precision, number[]>;
  /** Parameters with |η_t ∇f(w^t)| < Δ/2 in training with DR, before the update t = 1, 2, … */
  erased: number[];
  /** Updates after which DR never moves a weight again; null: it moved one in the last iteration. */
  frozenAfter: number | null;
}

/** Runs it in all three precisions from one starting point. */
export function runExperiment(rate: Rate, seed: number, start?: Float64Array): Experiment {
  const from = start ?? startingPoint(problem.parameters, seed);
  const weights: Experiment['weights'] = { full: [], deterministic: [], stochastic: [] };
  const erased: number[] = [];
  let lastMove = 0;
  let previous = new Float64Array();
  const last = shownIterations[shownIterations.length - 1];
  for (const precision of precisions) {
    descend({
      start: from,
      precision,
      rate,
      step: problem.step,
      bits: problem.bits,
      iterations: last,
      seed,
      onIterate(lent, t) {
        if (shownIterations.some((shown) => shown === t)) weights[precision].push(Float64Array.from(lent));
        if (precision !== 'deterministic') return;
        if (t > 0 && lent.some((w, i) => w !== previous[i])) lastMove = t;
        previous = Float64Array.from(lent);
        if (t < last)
          erased.push(lent.filter((w) => Math.abs(rate(t + 1) * gradient(w)) < problem.step / 2).length);
      },
    });
  }
  return {
    weights,
    distances: {
      full: weights.full.map(distance),
      deterministic: weights.deterministic.map(distance),
      stochastic: weights.stochastic.map(distance),
    },
    erased,
    frozenAfter: lastMove === last ? null : lastMove,
  };
}
