// Grids to begin a search for a row's best one at: scales around that of the row's range, narrower ones that cut values off
// and wider ones that leave codes unused, each shifted through all the places where it fits. What a quantizer does with
// them is its own (optimal.ts, logit.ts).

/** How many scales, and how many biases for each of them. */
export interface CandidateShape {
  readonly scales: number;
  readonly biases: number;
}

/** Codes that a row's range spans at the finest and the coarsest candidate, over those that there are. */
const FINEST = 1.8;
const COARSEST = 0.5;

/**
 * Calls `visit` with the scale and the bias of each candidate for a row from `least` to `most`; none where both are equal.
 *
 * @param highest 2^M − 1
 */
export function candidateGrids(
  { scales, biases }: CandidateShape,
  least: number,
  most: number,
  highest: number,
  visit: (scale: number, bias: number) => void,
): void {
  const range = most - least;
  if (range === 0) return;
  for (let i = 0; i < scales; i++) {
    const span = highest * COARSEST * (FINEST / COARSEST) ** (i / (scales - 1));
    const scale = range / span;
    // From the least value half a code below code 0 to the greatest half a code above the highest.
    const first = least - scale / 2;
    const last = most + scale / 2 - scale * highest;
    for (let j = 0; j < biases; j++) visit(scale, first + ((last - first) * j) / (biases - 1));
  }
}
