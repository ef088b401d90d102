// Theorems 1 and 2 of the ALPT paper (eq. 11 and 12): how far the mean of the iterates w̄_T can be from the optimum, for
// η_t = η/√t and a fixed step, by stochastic (theorem 1) and by deterministic rounding (theorem 2).

export interface BoundConstants {
  /** η of η_t = η/√t. */
  learningRate: number;
  /** d. */
  dimension: number;
  /** D: no two points of the domain are further apart. */
  diameter: number;
  /** G: E‖∇f‖² ≤ G². */
  gradient: number;
  /** Δ. */
  step: number;
}

/** The right side of eq. 11. */
export function stochasticBound(iterations: number, constants: BoundConstants): number {
  const { learningRate, diameter, gradient } = constants;
  const root = Math.sqrt(iterations);
  return diameter ** 2 / (2 * learningRate * root) + (learningRate * gradient ** 2) / root + floor(constants);
}

/** √d·Δ·G/2: what is left of theorem 1 for T → ∞. */
export function floor({ dimension, step, gradient }: BoundConstants): number {
  return (Math.sqrt(dimension) * step * gradient) / 2;
}

/** The right side of eq. 12 for a given T₀. */
export function deterministicBound(
  iterations: number,
  constants: BoundConstants,
  lastMoving: number,
): number {
  const { learningRate, dimension, diameter, gradient, step } = constants;
  const root = Math.sqrt(iterations);
  const moving = Math.min(lastMoving, iterations);
  let roots = 0;
  for (let t = 1; t <= moving; t++) roots += Math.sqrt(t);
  return (
    diameter ** 2 / (2 * learningRate * root) +
    (3 * learningRate * gradient ** 2) / root +
    floor(constants) +
    (Math.sqrt(dimension) * diameter * step * roots) / (2 * learningRate * iterations) +
    ((iterations - moving) * diameter * gradient) / iterations
  );
}

/** T₀ as printed: ⌊2ηG / (√d·Δ)⌋. */
export function lastMovingAsPrinted(constants: BoundConstants): number {
  return Math.floor(ratio(constants));
}

/**
 * T₀ with the square: from remark 1, an update is sure to be erased when (η/√t)·G < √d·Δ/2, that is for
 * t > (2ηG / (√d·Δ))². The paper prints it without; which of the two its proof uses is not known.
 */
export function lastMovingSquared(constants: BoundConstants): number {
  return Math.floor(ratio(constants) ** 2);
}

function ratio({ learningRate, dimension, gradient, step }: BoundConstants): number {
  // 2·0.1/0.01 is 20, not a number just below it.
  return Number(((2 * learningRate * gradient) / (Math.sqrt(dimension) * step)).toPrecision(12));
}
